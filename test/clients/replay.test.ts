import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJwt } from 'jose';
import { builtInDocuments } from '../../src/clients/cimd/built-in/documents.ts';
import { serverUrl } from '../../src/doctor/places.ts';
import { deviations } from '../../src/known-clients/deviations.ts';
import type { Deviation } from '../../src/known-clients/deviations.ts';
import { knownClients } from '../../src/known-clients/known-clients.ts';
import { recogniseClient } from '../../src/known-clients/recognise.ts';
import { readBearerChallenge } from '../../src/oauth/challenge.ts';
import { portless } from '../../src/oauth/redirect-uri.ts';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { issuer, resource, startStack } from '../fixtures/stack.ts';
import type { Tokens } from '../fixtures/stack.ts';
import type { Endpoint } from '../proxy/endpoint.ts';
import type { Fixture, Played } from './fixture.ts';
import { fixtures, methodOf } from './fixture.ts';
import { Player } from './player.ts';
import { startScene } from './scene.ts';

let plain: Endpoint;
let operated: Endpoint;
const events: AuditEvent[] = [];

beforeAll(async () => {
  const audit = (event: AuditEvent): void => void events.push(event);
  [plain, operated] = await Promise.all([
    startScene({ operator: false, audit }),
    startScene({ operator: true, audit }),
  ]);
});
afterAll(() => Promise.all([plain.close(), operated.close()]));

const playerOf = (played: Played): Player => new Player(played.fixture.operator ? operated : plain, played);
const cases = (wanted: (fixture: Fixture) => boolean): readonly (readonly [string, Played])[] =>
  fixtures.filter(({ fixture }) => wanted(fixture)).map((played) => [played.name, played]);
const works = cases(({ outcome }) => outcome === 'works');
const refused = cases(({ outcome }) => outcome !== 'works');

const scopeOf = ({ access_token }: Pick<Tokens, 'access_token'>): readonly string[] =>
  String(decodeJwt(access_token)['scope']).split(' ');

describe('signs in, calls, refreshes and signs in again:', () => {
  it.each(works)('%s', async (_name, played) => {
    const player = playerOf(played);
    const known = await player.prepare();
    events.length = 0;
    const first = await player.login(known);
    expect(auditedClient()).toBe(isAnonymous(played) ? null : played.row.id);
    expect(decodeJwt(first.access_token)).toMatchObject({ iss: issuer, aud: resource });
    expect(first.scope.split(' ').toSorted()).toEqual([...scopeOf(first)].toSorted());
    expect((await player.call(first)).status).toBe(200);

    const response = await player.refresh(known, first.refresh_token);
    expect(response.status).toBe(200);
    const second = (await response.json()) as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(scopeOf(second)).toEqual(scopeOf(first));
    expect((await player.call(second)).status).toBe(200);

    const { registers, redirect_uri } = played.fixture.relogin;
    const again = registers
      ? await player.identify(known.metadata, singleUri(played.fixture) ? { redirectUri: redirect_uri } : {})
      : known;
    const third = await player.login({ ...known, ...again }, { redirect_uri });
    expect((await player.call(third)).status).toBe(200);
    // Another device, or the same one after it forgot: nobody else is signed out.
    expect((await player.refresh(known, second.refresh_token)).status).toBe(200);
  });
});

/** The client of the last login, as its audit event has it. */
function auditedClient(): unknown {
  const found = events.findLast(({ event }) => event === 'login_succeeded');
  return found && 'knownClient' in found ? found.knownClient : 'no event';
}

/** Names and addresses are its caller’s, or its operator’s. */
function isAnonymous({ row, fixture: { configured, registration } }: Played): boolean {
  const proofs = [...(row.marks.callbacks ?? []), ...(row.marks.relays ?? [])];
  if (Object.keys(row.marks).length === 0) return true;
  if (configured) return proofs.length === 0;
  return row.id === 'conformance' && registration !== undefined;
}

describe('goes on when its processes use one refresh token at once:', () => {
  it.each(works.filter(([, { row }]) => row.deviations.includes('refresh_races')))(
    '%s',
    async (_name, played) => {
      const player = playerOf(played);
      const known = await player.prepare();
      const { refresh_token } = await player.login(known);
      const answers = await Promise.all([1, 2, 3, 4].map(() => player.refresh(known, refresh_token)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const tokens = await Promise.all(answers.map(async (answer) => (await answer.json()) as Tokens));
      expect(new Set(tokens.map((one) => one.refresh_token)).size).toBe(1);
    },
  );
});

it('finds the right issuer where that has a path, and no other on the way', async () => {
  const own = `${issuer}/tenant`;
  const stack = await startStack({ issuer: own });
  for (const { id, search, revisions = [search] } of knownClients) {
    for (const { serverPlaces } of revisions) {
      // Clients of 2025-03-26 know only the root of the origin, which belongs to nobody here.
      const knowsPaths = serverPlaces.some((place) => !place.endsWith('-root'));
      const answers = serverPlaces.map((place) => stack.call(serverUrl(new URL(own), place)));
      const found = (await Promise.all(answers)).find(({ status }) => status === 200);
      const document = (await found?.json()) as { issuer?: string } | undefined;
      expect([id, document?.issuer]).toEqual([id, knowsPaths ? own : undefined]);
    }
  }
  await stack.close();
});

describe('is refused as its row says:', () => {
  it.each(refused)('%s', async (_name, played) => {
    const { outcome } = played.fixture;
    if (outcome === 'works') throw new TypeError('it works');
    expect(played.row.limits.some((limit) => limit.includes(outcome.limit))).toBe(true);
    const player = playerOf(played);
    const known = await player.prepare();
    if (outcome.refused_at === 'authorize') {
      const page = await player.endpoint.stack.browser().get(player.ask(known).url.href);
      expect([page.status, page.headers.get('location')]).toEqual([400, null]);
      expect(await page.text()).toContain(outcome.says);
      return;
    }
    const tokens = await player.login(known);
    if (outcome.refused_at === 'call') {
      const answer = await player.call(tokens);
      const challenge = readBearerChallenge(answer.headers.get('www-authenticate') ?? '');
      expect([answer.status, challenge?.get('error')]).toEqual([403, 'insufficient_scope']);
      expect(challenge?.get('scope')?.split(' ')).toContain('mcp:read');
      return;
    }
    const response = await player.refresh(known, tokens.refresh_token);
    expect([response.status, await response.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    // And nothing was consumed: as it registered, it goes on.
    const { token, refresh } = played.fixture;
    const form = { ...refresh.form, client_id: '{client_id}', client_secret: '{client_secret}' };
    const learned = { refresh_token: tokens.refresh_token };
    expect((await player.form(known, { headers: token.headers, form }, learned)).status).toBe(200);
  });
});

describe('does not get in where nobody did what its row asks of the operator:', () => {
  it.each(cases(({ operator }) => operator === true))('%s', async (_name, played) => {
    expect(played.row.operator.length + played.row.limits.length).toBeGreaterThan(0);
    const player = new Player(plain, played);
    const metadata = await player.discover();
    if (played.fixture.registration) {
      const response = await player.register(metadata, played.fixture.registration);
      expect([response.status, await response.json()]).toMatchObject([
        400,
        {
          error: 'invalid_client_metadata',
          error_description: expect.stringContaining('must be one of: none'),
        },
      ]);
      return;
    }
    const known = { metadata, ...(await player.identify(metadata)) };
    const page = await plain.stack.browser().get(player.ask(known).url.href);
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  });
});

describe('steps up as far as it goes:', () => {
  it.each(cases(({ step_up }) => step_up !== 'none'))('%s', async (_name, played) => {
    const player = playerOf(played);
    const known = await player.prepare();
    const before = await player.login(known);
    const challenged = await player.call(before, 'admin_wipe');
    expect(challenged.status).toBe(403);
    const challenge = readBearerChallenge(challenged.headers.get('www-authenticate') ?? '');
    const needed = challenge?.get('scope')?.split(' ') ?? [];
    // What it has and what it needs: a client that asks only for what the challenge says loses nothing.
    expect(needed).toEqual(
      expect.arrayContaining(['mcp:admin', ...scopeOf(before).filter((one) => one !== 'offline_access')]),
    );

    const after = await stepped(player, { known, before, needed });
    const enough = played.fixture.step_up !== 'same';
    expect((await player.call(after, 'admin_wipe')).status).toBe(enough ? 200 : 403);
    expect((await player.call(after)).status).toBe(200);
    if (!enough) expect(played.row.limits.join(' ')).toMatch(/when a tool needs more/u);
  });
});

async function stepped(
  player: Player,
  {
    known,
    before,
    needed,
  }: { known: Awaited<ReturnType<Player['prepare']>>; before: Tokens; needed: readonly string[] },
): Promise<Tokens> {
  switch (player.played.fixture.step_up) {
    case 'union':
      return player.login(known, { scope: [...new Set([...scopeOf(before), ...needed])].join(' ') });
    case 'refresh': {
      const response = await player.refresh(known, before.refresh_token);
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: 'interaction_required' },
      ]);
      return player.login(known, { scope: needed.join(' ') });
    }
    case 'same':
    case 'none':
      return player.login(known);
  }
}

/** A client that registers with another port has one address. */
function singleUri({ registration }: Fixture): boolean {
  return registration?.redirect_uris.length === 1;
}

/** Those that people use. */
const withPages = [
  'claude claude-code chatgpt vscode copilot-cli copilot-studio cursor mcp-remote inspector-1 inspector-2 gemini-cli gemini',
  'antigravity codex zed opencode perplexity grok mistral n8n librechat open-webui windsurf cline junie goose kiro devin',
].flatMap((line) => line.split(' '));

/** Those of which requests were recorded, and that nobody uses as they are. */
const recorded = 'sdk-1 sdk-2 ai-sdk mcporter mcpc openid-client conformance'.split(' ');

describe('the fixtures', () => {
  it('are there for every row, and for every form that the tables of clients have', () => {
    const played = new Set(fixtures.map(({ row }) => row.id));
    expect(knownClients.map(({ id }) => id).filter((id) => !played.has(id))).toEqual([]);
    expect([...played].toSorted()).toEqual([...withPages, ...recorded].toSorted());
  });

  it('identify themselves in each way that their row names, unless another row has the same', () => {
    const sdk = new Set([
      'sdk-1',
      'sdk-2',
      'ai-sdk',
      'openid-client',
      'mcp-remote',
      'inspector-1',
      'inspector-2',
    ]);
    for (const { id, registration } of knownClients.filter((row) => !sdk.has(row.id))) {
      const own = fixtures.filter(({ row }) => row.id === id).map(({ fixture }) => fixture);
      const ways = {
        cimd: own.some(({ document }) => document),
        dcr: own.some((fixture) => fixture.registration),
        static: own.some(({ configured, registration: some }) => configured ?? some),
      };
      expect([id, registration.filter((way) => !ways[way])]).toEqual([id, []]);
    }
  });

  it('have each exactly one way to be known, and say where they come from', () => {
    for (const { name, row, fixture } of fixtures) {
      const ways = [fixture.registration, fixture.document, fixture.configured].filter(Boolean);
      expect([name, ways.length]).toEqual([name, 1]);
      // What was put together from reports is never called recorded.
      const seen = fixture.evidence === 'recorded';
      expect([name, seen && row.evidence.grade !== 'recorded']).toEqual([name, false]);
    }
  });

  it('show every habit that their row names, and no row forgets one that they show', () => {
    for (const row of knownClients) {
      const own = fixtures.filter((played) => played.row === row).map(({ fixture }) => fixture);
      const seen = Object.entries(shown).filter(([, shows]) => own.some((fixture) => shows(fixture)));
      const named = row.deviations.filter((word) => shown[word] !== undefined);
      expect([row.id, named.toSorted()]).toEqual([row.id, seen.map(([word]) => word).toSorted()]);
    }
    const elsewhere: readonly Deviation[] = [
      'refresh_races',
      'webview_without_cookies',
      'callback_per_connection',
    ];
    expect(Object.keys(deviations).toSorted()).toEqual([...Object.keys(shown), ...elsewhere].toSorted());
  });

  it('are recognised as their row, or are of a library whose callers choose the names', () => {
    for (const { name, row, fixture } of fixtures) {
      const { registration, document, configured, authorize } = fixture;
      const client = {
        id: document?.client_id ?? configured?.client_id ?? 'sp_c1_x',
        source: document ? ('cimd' as const) : configured ? ('static' as const) : ('dcr' as const),
        name: typeof registration?.['client_name'] === 'string' ? registration['client_name'] : null,
        softwareId: typeof registration?.['software_id'] === 'string' ? registration['software_id'] : null,
      };
      const found = recogniseClient(client, authorize.redirect_uri);
      expect([name, found?.row.id]).toEqual([name, isAnonymous({ name, row, fixture }) ? undefined : row.id]);
      expect([name, found?.standing]).not.toEqual([name, 'contradicted']);
    }
  });

  it('have the very documents that came with this version', () => {
    for (const { document } of builtInDocuments) {
      const played = fixtures.find(({ fixture }) => fixture.document?.client_id === document.client_id);
      expect(played?.fixture.document).toEqual(document);
    }
  });
});

const scopesAsked = ({ authorize }: Fixture): string => authorize['scope'] ?? '';

/** How each habit is seen in a fixture; the others are seen elsewhere. */
const shown: Readonly<Partial<Record<Deviation, (fixture: Fixture) => boolean>>> = {
  portless_loopback: ({ registration, document, configured, authorize }) => {
    const uris = (registration ?? document ?? configured)?.redirect_uris ?? [];
    return (
      !uris.includes(authorize.redirect_uri) && uris.map(portless).includes(portless(authorize.redirect_uri))
    );
  },
  registers_each_run: ({ relogin }) => relogin.registers,
  several_redirect_uris: ({ registration }) => (registration?.redirect_uris.length ?? 0) > 1,
  no_application_type: ({ registration }) =>
    registration !== undefined && registration['application_type'] === undefined,
  application_type_web: ({ registration }) =>
    registration?.['application_type'] === 'web' &&
    registration.redirect_uris.some((uri) => !uri.startsWith('https:')),
  unserved_grant_types: ({ registration, document }) =>
    JSON.stringify((registration ?? document)?.['grant_types'] ?? []).includes('device_code'),
  omits_scope: (fixture) => fixture.authorize['scope'] === undefined,
  scope_of_server: (fixture) => scopesAsked(fixture) === '{server_scopes}',
  foreign_scopes: (fixture) => /\bopenid\b/u.test(scopesAsked(fixture)),
  registers_fewer_scopes: (fixture) => {
    const registered: unknown = fixture.registration?.['scope'];
    const asked = scopesAsked(fixture).split(' ');
    return typeof registered === 'string' && asked.some((scope) => !registered.split(' ').includes(scope));
  },
  no_state: ({ authorize }) => authorize['state'] === undefined,
  long_state: ({ authorize }) => (authorize['state']?.length ?? 0) > 1000,
  prompt_consent: ({ authorize }) => authorize['prompt'] === 'consent',
  refresh_without_scope: ({ refresh }) => refresh.form['scope'] === undefined,
  refresh_without_resource: ({ refresh }) => refresh.form['resource'] === undefined,
  discovery_with_version: ({ discovery }) => discovery.headers['mcp-protocol-version'] !== undefined,
  optional_proof: ({ document }) => document?.['token_endpoint_auth_methods_supported'] !== undefined,
  secret_with_none: (fixture) =>
    fixture.registration?.['token_endpoint_auth_method'] === 'none' && methodOf(fixture) !== 'none',
};
