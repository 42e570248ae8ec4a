import { afterEach, describe, expect, it } from 'vitest';
import type { AccessRule } from '../../src/config/config.ts';
import { pkce, resource, startStack } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';

let stack: Stack;
afterEach(() => stack.close());

async function takeOn(access: readonly AccessRule[]): Promise<void> {
  const { config } = stack.auth;
  await stack.auth.reload(() => Promise.resolve({ ...config, access }));
}

describe('rules that change while somebody is signed in', () => {
  it('count at the next refresh, with the client and the resource of the grant', async () => {
    stack = await startStack({ access: [{ email_domains: ['example.com'] }] });
    const first = await stack.signIn();
    await takeOn([{ expression: `client.id == "${first.clientId}" && resource == "${resource}"` }]);
    const second = await stack.refresh(first.clientId, first.refresh_token);
    expect(second.status).toBe(200);
    const { refresh_token: token } = (await second.json()) as { refresh_token: string };
    await takeOn([{ name: 'another app', expression: 'client.id == "other"' }]);
    const third = await stack.refresh(first.clientId, token);
    expect([third.status, await third.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    const line = stack.log.find(({ message }) => message.startsWith('access denied at refresh'));
    expect(line?.fields).toMatchObject({
      reason: 'no access rule matches',
      rules: ['another app (expression: it is false)'],
    });
  });

  it('count at a sign-in that began before', async () => {
    stack = await startStack({ access: 'anyone', access_contact: 'it-help@example.com' });
    const { client_id } = await stack.register();
    const browser = stack.browser();
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge });
    await takeOn([{ name: 'staff', emails: ['carol@example.com'], groups: ['staff'] }]);
    const denied = await browser.get(back);
    const html = await denied.text();
    expect(denied.status).toBe(403);
    expect(html).toContain('mailto:it-help@example.com');
    const line = stack.log.find(({ message }) => message === 'access denied');
    expect(line?.fields['rules']).toEqual([
      'staff (emails: the e-mail is another one; groups: the claim groups is not there)',
    ]);
    expect(html).toContain(String(line?.fields['correlationId']));
    expect(JSON.stringify(line)).not.toContain('alice@');
  });
});
