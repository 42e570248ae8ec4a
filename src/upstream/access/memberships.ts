import type { Identity } from '../../types/tokens.ts';
import { isRecord } from '../identity.ts';

/** What GitHub said about somebody's organizations and teams, in lower case. */
export interface Memberships {
  readonly organizations: readonly string[];
  /** `organization/team`. */
  readonly teams: readonly string[];
  /** Why GitHub shows less than there may be; `null`: it showed everything. */
  readonly refused: string | null;
}

/** The claim that keeps it in the evidence. No provider's own claim of this name is ever taken over. */
const claimName = 'sallyport:github';

/** What was looked up about somebody; `null`: nothing was. */
export function membershipsOf({ claims }: Identity): Memberships | null {
  const kept = Object.hasOwn(claims, claimName) ? claims[claimName] : undefined;
  if (!isRecord(kept)) return null;
  const { organizations, teams, refused } = kept;
  if (!isTexts(organizations) || !isTexts(teams)) return null;
  return { organizations, teams, refused: typeof refused === 'string' ? refused : null };
}

/** The identity with what was looked up, or with nothing of the kind. */
export function withMemberships(identity: Identity, memberships: Memberships | null): Identity {
  const { [claimName]: told, ...claims } = identity.claims;
  if (memberships === null) return told === undefined ? identity : { ...identity, claims };
  return { ...identity, claims: { ...claims, [claimName]: memberships } };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
