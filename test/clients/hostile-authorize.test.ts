import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ready } from './hostile-scene.ts';
import { HostileScene, anyClient, seed } from './hostile-scene.ts';
import { allRedirectChanges, changedText, garbage, redirectChange } from './mutate.ts';

let scene: HostileScene;
const client = anyClient(() => scene);

beforeAll(async () => {
  scene = await HostileScene.start();
});
afterAll(() => scene.close());

const registeredUris = ({ player }: Ready): readonly string[] => {
  const { registration, document, configured } = player.played.fixture;
  return (registration ?? document ?? configured)?.redirect_uris ?? [];
};

/** `stopped`: a page that tells, and nothing on it that leads anywhere; else what is wrong with it. */
async function outcomeOf(url: URL): Promise<string> {
  const { status, headers, html } = await answerTo(url);
  if (headers.has('location') || headers.has('refresh')) return `leads to ${headers.get('location')}`;
  // 503: a document at an address that does not answer.
  if (status !== 400 && status !== 503) return `status ${status}`;
  if (html.includes('name="request"')) return 'asks for consent';
  return /<a [^>]*href="(?!https:\/\/mcp\.example\.com)/u.test(html) ? 'links elsewhere' : 'stopped';
}

async function answerTo(url: URL): Promise<{ status: number; headers: Headers; html: string }> {
  const response = await scene.endpoint.stack.browser().get(url.href);
  return { status: response.status, headers: response.headers, html: await response.text() };
}

describe('an address to which the code was never to go', () => {
  const outcome = ({ player, known }: Ready, uri: string): Promise<string> =>
    outcomeOf(player.ask(known, { redirect_uri: uri }).url);

  it('is refused on a page, whichever client asks and however it is written', async () => {
    for (const one of scene.ready) {
      const { name, fixture } = one.player.played;
      for (const change of allRedirectChanges) {
        const uri = change.of(fixture.authorize.redirect_uri);
        if (registeredUris(one).includes(uri)) continue;
        expect([name, change.name, uri, await outcome(one, uri)]).toEqual([
          name,
          change.name,
          uri,
          'stopped',
        ]);
      }
    }
  });

  it('is refused with any two changes', async () => {
    await fc.assert(
      fc.asyncProperty(client, redirectChange, redirectChange, async (some, first, second) => {
        const one = some();
        const original = one.player.played.fixture.authorize.redirect_uri;
        const uri = second.of(first.of(original));
        fc.pre(uri !== original && !registeredUris(one).includes(uri));
        expect([first.name, second.name, uri, await outcome(one, uri)]).toEqual([
          first.name,
          second.name,
          uri,
          'stopped',
        ]);
      }),
      { numRuns: 300, seed },
    );
  });

  it('is refused when it is the address of another client', async () => {
    const withoutPort = (text: string): string => text.replace(/(?<=^http:\/\/[^/:]*):\d+/u, '');
    await fc.assert(
      fc.asyncProperty(client, client, async (some, other) => {
        const one = some();
        const uri = other().player.played.fixture.authorize.redirect_uri;
        fc.pre(!registeredUris(one).map(withoutPort).includes(withoutPort(uri)));
        expect([uri, await outcome(one, uri)]).toEqual([uri, 'stopped']);
      }),
      { numRuns: 150, seed },
    );
  });

  it('is not taken beside the right one', async () => {
    for (const { player, known } of scene.ready) {
      const { url } = player.ask(known);
      url.searchParams.append('redirect_uri', 'https://evil.example/');
      expect([player.played.name, await outcomeOf(url)]).toEqual([player.played.name, 'stopped']);
    }
  });
});

describe('a client id that was not given to this client', () => {
  it('leads nowhere when it was cut, doubled or changed', async () => {
    await fc.assert(
      fc.asyncProperty(client, changedText, async (some, change) => {
        const { player, known } = some();
        const clientId = change(known.clientId);
        fc.pre(clientId !== known.clientId);
        expect([clientId, await outcomeOf(player.ask({ ...known, clientId }).url)]).toEqual([
          clientId,
          'stopped',
        ]);
      }),
      { numRuns: 200, seed },
    );
  });
});

/** What may be wrong with the rest of an authorization request, and the errors that say so. */
const faults: Readonly<
  Record<string, { readonly of: (url: URL, text: string) => void; readonly errors: RegExp }>
> = {
  'plain PKCE': {
    of: (url) => url.searchParams.set('code_challenge_method', 'plain'),
    errors: /^invalid_request$/u,
  },
  'PKCE without its method': {
    of: (url) => url.searchParams.delete('code_challenge_method'),
    errors: /^invalid_request$/u,
  },
  'no PKCE': {
    of: (url) => {
      url.searchParams.delete('code_challenge');
      url.searchParams.delete('code_challenge_method');
    },
    errors: /^invalid_request$/u,
  },
  'a short challenge': {
    of: (url) => url.searchParams.set('code_challenge', 'abc'),
    errors: /^invalid_request$/u,
  },
  'a foreign resource': {
    of: (url) => url.searchParams.set('resource', 'https://evil.example/mcp'),
    errors: /^invalid_target$/u,
  },
  'a resource beside it': {
    of: (url) => url.searchParams.append('resource', 'https://evil.example/mcp'),
    errors: /^invalid_(?:target|request)$/u,
  },
  'a token at once': {
    of: (url) => url.searchParams.set('response_type', 'token'),
    errors: /^unsupported_response_type$/u,
  },
  'an answer in the fragment': {
    of: (url) => url.searchParams.set('response_mode', 'fragment'),
    errors: /^invalid_request$/u,
  },
  'a form that posts itself': {
    of: (url) => url.searchParams.set('response_mode', 'form_post'),
    errors: /^invalid_request$/u,
  },
  'a request object': {
    of: (url) => url.searchParams.set('request', 'e30.e30.'),
    errors: /^request_not_supported$/u,
  },
  'a state that is too long': {
    of: (url) => url.searchParams.set('state', 's'.repeat(4097)),
    errors: /^invalid_request$/u,
  },
  'a parameter twice': {
    of: (url) => url.searchParams.append('code_challenge', 'A'.repeat(43)),
    errors: /^invalid_request$/u,
  },
  'a method that is text': {
    of: (url, text) => url.searchParams.set('code_challenge_method', `S256${text}x`),
    errors: /^invalid_request$/u,
  },
};

describe('a request with a fault', () => {
  it('gets the error of its kind, at the registered address or on a page, and no code', async () => {
    await fc.assert(
      fc.asyncProperty(
        client,
        fc.constantFrom(...Object.entries(faults)),
        garbage,
        async (some, [name, { of, errors }], text) => {
          const { player, known } = some();
          const { url } = player.ask(known);
          of(url, text);
          const { status, headers, html } = await answerTo(url);
          const location = headers.get('location');
          if (location === null) {
            expect([player.played.name, name, status]).toEqual([player.played.name, name, 400]);
            expect(html).not.toContain('name="request"');
            return;
          }
          const back = new URL(location).searchParams;
          expect(location.split('?')[0]).toBe(player.played.fixture.authorize.redirect_uri);
          expect([name, back.get('error')]).toEqual([name, expect.stringMatching(errors)]);
          expect(back.has('code')).toBe(false);
        },
      ),
      { numRuns: 400, seed },
    );
  });

  it('is never a failure of ours, whatever its values are, and is written on no page', async () => {
    const parameters = 'scope state prompt nonce resource login_hint max_age claims __proto__'.split(' ');
    await fc.assert(
      fc.asyncProperty(client, fc.constantFrom(...parameters), garbage, async (some, parameter, text) => {
        const { player, known } = some();
        const { status, headers, html } = await answerTo(player.ask(known, { [parameter]: text }).url);
        expect([parameter, status]).toEqual([parameter, expect.toBeOneOf([200, 303, 400])]);
        expect(html).not.toContain('<script>alert(1)');
        expect(headers.get('location') ?? '').not.toMatch(/[?&]code=/u);
      }),
      { numRuns: 300, seed },
    );
  });
});
