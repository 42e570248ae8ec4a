import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Played } from './fixture.ts';
import { HostileScene, played, seed } from './hostile-scene.ts';
import { garbage } from './mutate.ts';

let scene: HostileScene;

beforeAll(async () => {
  scene = await HostileScene.start();
});
afterAll(() => scene.close());

describe('a registration with a fault', () => {
  const registering = played.filter(({ fixture }) => fixture.registration);
  const register = (one: Played, body: unknown): Promise<Response> => {
    const found = scene.ready.find(({ player }) => player.played === one);
    if (!found) throw new TypeError('no such client');
    return found.player.register(found.known.metadata, body);
  };

  it('of one address among good ones is refused whole, and the address is named', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...registering),
        fc.constantFrom(
          'http://evil.example/cb',
          'javascript:alert(1)',
          'https://user@evil.example/cb',
          'https://evil.example/cb#x',
          'https://evil.example/../cb',
          'https://*.example/cb',
          'http://0x7f.1/cb',
          'http://localhost.evil.example/cb',
          'file:///etc/passwd',
          'data:text/html,x',
          'https://evil.example\\@claude.ai/cb',
          'cb',
        ),
        async (one, bad) => {
          const uris = one.fixture.registration?.redirect_uris ?? [];
          const response = await register(one, {
            ...one.fixture.registration,
            redirect_uris: [...uris, bad],
          });
          const answer = (await response.json()) as { error?: string; error_description?: string };
          expect([bad, response.status, answer.error]).toEqual([bad, 400, 'invalid_redirect_uri']);
          // What does not belong into an error description is written otherwise (RFC 6749 §5.2).
          expect(answer.error_description).toContain(bad.replaceAll('\\', '?'));
        },
      ),
      { numRuns: 120, seed },
    );
  });

  it('of any member is an error of the client, or changes nothing about where codes go', async () => {
    const members = [
      'redirect_uris',
      'client_name',
      'grant_types',
      'response_types',
      'scope',
      'application_type',
      'token_endpoint_auth_method',
      'client_id',
      'client_secret',
      'software_id',
      'jwks',
      'jwks_uri',
      'software_statement',
      'logo_uri',
      'contacts',
      '__proto__',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...registering),
        fc.constantFrom(...members),
        fc.oneof(garbage, fc.jsonValue({ maxDepth: 2 })),
        async (one, member, value) => {
          const own = one.fixture.registration;
          const response = await register(one, { ...own, [member]: value });
          const answer = (await response.json()) as Record<string, unknown>;
          if (response.status !== 201) {
            const error = expect.stringMatching(
              /^invalid_(?:redirect_uri|client_metadata|request|software_statement)$/u,
            );
            expect([member, response.status, answer['error']]).toEqual([member, 400, error]);
            return;
          }
          expect(answer['client_id']).not.toBe(value);
          if (typeof value === 'string') expect(answer['client_secret']).not.toBe(value);
          if (member !== 'redirect_uris') expect(answer['redirect_uris']).toEqual(own?.redirect_uris);
        },
      ),
      { numRuns: 300, seed },
    );
  });
});
