/**
 * Script and disguises in every field of a registration: each is refused by the name of its field, or is text, or is nothing.
 * cp-oauth#35, workers-oauth-provider 0.7.1 (client metadata is attacker text).
 */
import { afterAll, describe, expect, it } from 'vitest';
import { pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { skeletonOf } from '../pages/views.ts';
import { disguises, scripts } from './hostile-texts.ts';

const stack = await startStack();
afterAll(() => stack.close());

const fields = [
  'client_name',
  'client_name#de',
  'client_uri',
  'logo_uri',
  'tos_uri',
  'policy_uri',
  'scope',
  'software_id',
  'software_version',
  'software_statement',
  'application_type',
  'token_endpoint_auth_method',
  'jwks_uri',
] as const;

const lists = ['contacts', 'grant_types', 'response_types', 'redirect_uris'] as const;

async function register(metadata: object): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await stack.call('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri], ...metadata }),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/json/u);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

async function pageOf(clientId: unknown): Promise<string> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({ client_id: String(clientId), code_challenge: challenge });
  return (await stack.browser().get(url)).text();
}

const plain = skeletonOf(await pageOf((await stack.register({ client_name: 'Plain' })).client_id));
const texts = [...scripts, ...disguises.map(([text]) => text)];

describe('a registration with a hostile text', () => {
  it.each([
    ...fields.map((field) => [field, (text: string): unknown => text] as const),
    ...lists.map((field) => [field, (text: string): unknown => [text]] as const),
  ])('in %s changes nothing but its name on any page', async (field, value) => {
    for (const text of texts) {
      const { status, answer } = await register({ client_name: 'Plain', [field]: value(text) });
      if (status === 400) {
        expect(String(answer['error_description'])).toContain(field.replace('redirect_uris', 'redirect_uri'));
        expect(String(answer['error_description'])).not.toMatch(/[^\x20-\x7e]/u);
        continue;
      }
      expect(status).toBe(201);
      expect(skeletonOf(await pageOf(answer['client_id']))).toBe(plain);
      // Only what was judged comes back; a software_id is a word for programs, and is on no page.
      const { client_id: _, client_name: name, software_id: id, ...rest } = answer;
      expect(String(name) + String(id)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.stringify(rest)).not.toContain('pwned');
    }
  });

  it.each(['grant_types', 'response_types'])(
    'is refused for a word in %s that nobody needs',
    async (field) => {
      const { status, answer } = await register({ [field]: ['x'.repeat(257)] });
      expect(status).toBe(400);
      expect(answer['error_description']).toContain(
        `${field} must be a list of at most 20 texts of at most 256`,
      );
    },
  );

  it('in a member that every object inherits registers nothing else', async () => {
    const body = `{"redirect_uris":["${redirectUri}"],"__proto__":{"software_id":"x","vouched":true},"constructor":1}`;
    const response = await stack.call('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(201);
    expect(await response.json()).not.toHaveProperty('software_id');
  });
});
