import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, startStack } from '../fixtures/stack.ts';
import { Publisher } from './publisher.ts';

let publisher: Publisher;
let stack: Stack;

beforeEach(async () => {
  publisher = await Publisher.start();
  stack = await startStack({}, { collaborators: { documentFetch: publisher.fetch() } });
});
afterEach(async () => {
  await stack.close();
  await publisher.close();
});

/** The page that a person sees when a client with this id sends them. */
async function page(
  clientId: string,
  parameters: Record<string, string> = {},
): Promise<{ status: number; html: string; csp: string }> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: challenge, ...parameters });
  const response = await stack.browser().get(url);
  const csp = response.headers.get('content-security-policy') ?? '';
  return { status: response.status, html: await response.text(), csp };
}

describe('a client that is described by a document', () => {
  it('signs in, refreshes and is shown with the host that speaks for it', async () => {
    const id = publisher.publish('/client.json');
    const { status, html } = await page(id);
    expect(status).toBe(200);
    expect(html).toContain('Published app');
    expect(html).toContain(`app.example.com:${publisher.port}`);
    const tokens = await stack.signIn({ clientId: id });
    const refreshed = await stack.refresh(id, tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    expect(publisher.count('/client.json')).toBe(1);
  });
});
