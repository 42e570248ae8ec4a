import type { Answer } from './ask.ts';
import type { ClientProfile } from './clients.ts';
import type { ResourcePlace, ServerPlace } from '../known-clients/search.ts';
import { isDocument } from './survey.ts';
import type { ServerSurvey, Survey } from './survey.ts';

/** What one client has found after its discovery. */
export interface View {
  readonly survey: Survey;
  /** `null`: it found no metadata of the resource. */
  readonly resource: Found<ResourcePlace> | null;
  /** `null`: it does not know which authorization server to ask. */
  readonly server: ServerSurvey | null;
  /** `null`: it found no metadata of that server. */
  readonly metadata: Found<ServerPlace> | null;
  /** Needs resource metadata: it has no other way to the authorization server. */
  readonly needsResource: boolean;
  /** Would go on with `/authorize` and so on, without metadata. */
  readonly defaultEndpoints: boolean;
  readonly places: readonly ServerPlace[];
}

/** A document and where it was. */
export interface Found<P> {
  readonly place: P;
  readonly answer: Answer;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Plays the discovery of one client over the answers. */
export function viewOf(profile: ClientProfile, survey: Survey): View {
  const { originFallback, defaultEndpoints, strictSearch: strict, serverPlaces } = profile;
  const named = strict && survey.resource.challenge !== undefined;
  const resourcePlaces = profile.resourcePlaces.filter((place) => !named || place === 'challenge');
  const resource = firstFound(resourcePlaces, { answers: survey.resource, strict });
  const server = serverOf(resource, { survey, originFallback });
  const metadata = server && firstFound(serverPlaces, { answers: server.places, strict });
  const needsResource = resourcePlaces.length > 0 && !originFallback;
  return { survey, resource, server, metadata, needsResource, defaultEndpoints, places: serverPlaces };
}

function serverOf(
  resource: Found<ResourcePlace> | null,
  { survey, originFallback }: { survey: Survey; originFallback: boolean },
): ServerSurvey | null {
  const list = resource?.document['authorization_servers'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (typeof first === 'string') return survey.servers.get(first) ?? null;
  return originFallback ? (survey.servers.get(survey.given.origin) ?? null) : null;
}

function firstFound<P extends string>(
  places: readonly P[],
  { answers, strict }: { answers: Readonly<Partial<Record<P, Answer>>>; strict: boolean },
): Found<P> | null {
  for (const place of places) {
    const answer = answers[place];
    if (strict && answer && answer.status >= 500 && answer.status !== 502) return null;
    if (isDocument(answer)) return { place, answer, document: answer.document };
  }
  return null;
}
