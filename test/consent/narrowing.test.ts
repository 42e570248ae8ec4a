import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstForm } from '../../examples/demo/html-form.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { resource } from '../fixtures/stack.ts';
import type { Scene } from './scene.ts';
import { ask, decide, finish, redeem, startRemembering } from './scene.ts';

const scope = 'openid profile notes:read notes:write notes:admin offline_access';

let scene: Scene;
beforeAll(async () => {
  scene = await startRemembering({
    scopes_supported: scope.split(' '),
    scopes: {
      'notes:admin': { implies: ['notes:write'] },
      'notes:read': { description: 'Read your notes' },
    },
    refresh_token_policy: 'offline_access',
    proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9/mcp', scopes: ['notes:read'] }],
    allowed_audiences: [resource, 'https://mcp.example.com/free'],
  });
});
afterAll(() => scene.stack.close());

/** The fields of the boxes of a page, by scope. */
function boxes(html: string): Readonly<Record<string, string>> {
  const plain = html.replaceAll(/<small>.*?<\/small>/gsu, '');
  const items = [...plain.matchAll(/<li class="choice">(.*?)<\/li>/gsu)].map(([, item = '']) => item);
  return Object.fromEntries(
    items.map((item) => {
      const [, field = ''] = /name="([^"]+)"/u.exec(item) ?? [];
      const [, name = ''] = [...item.matchAll(/<bdi>([^<]+)<\/bdi>/gu)].at(-1) ?? [];
      return [name, field];
    }),
  );
}

async function granted(fields: Record<string, string>, more: Record<string, string> = {}): Promise<Tokens> {
  const { stack } = scene;
  const browser = stack.browser();
  const page = await ask(stack, browser, { scope, ...more });
  return redeem(stack, await finish(stack, browser, await decide(browser, page, fields)));
}

describe('the scopes on the consent page', () => {
  it('have a box each, checked, but those that nothing works without', async () => {
    const { stack } = scene;
    const html = await (await ask(stack, stack.browser(), { scope })).text();
    expect(boxes(html)).toEqual({
      profile: 'scope-1',
      'notes:write': 'scope-3',
      'notes:admin': 'scope-4',
      offline_access: 'scope-5',
    });
    expect(firstForm(html)?.fields.slice(1)).toEqual([
      ['choice', 'scopes'],
      ['scope-1', 'on'],
      ['scope-3', 'on'],
      ['scope-4', 'on'],
      ['scope-5', 'on'],
    ]);
  });

  it('have a box where the resource does not need them', async () => {
    const { stack } = scene;
    const more = { scope: 'openid notes:read', resource: 'https://mcp.example.com/free' };
    const html = await (await ask(stack, stack.browser(), more)).text();
    expect(boxes(html)).toEqual({ 'notes:read': 'scope-1' });
  });

  it('are granted as they were left, and the answer says so', async () => {
    const tokens = await granted({ choice: 'scopes', 'scope-1': 'on' });
    expect(tokens.scope).toBe('openid profile notes:read');
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('go with what includes them: who leaves one out leaves out both', async () => {
    const tokens = await granted({ choice: 'scopes', 'scope-4': 'on' });
    expect(tokens.scope).toBe('openid notes:read');
    expect((await granted({ choice: 'scopes', 'scope-3': 'on' })).scope).toBe(
      'openid notes:read notes:write',
    );
  });

  it('stay as they were at every refresh: none comes back that was left out', async () => {
    const { stack } = scene;
    const { refresh_token: token } = await granted({ choice: 'scopes', 'scope-5': 'on' });
    const response = await stack.refresh('desktop', token, { scope });
    const answer = (await response.json()) as Tokens & { error?: string };
    expect(answer.error ?? answer.scope).toMatch(/^invalid_scope$|^openid notes:read offline_access$/u);
    expect(answer.scope ?? '').not.toContain('notes:write');
  });

  it('are never more than what was offered, whatever a form says', async () => {
    const all = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`scope-${index}`, 'on']));
    const tokens = await granted(
      { choice: 'scopes', ...all, scope, 'scope-admin': 'on' },
      { scope: 'openid profile' },
    );
    expect(tokens.scope).toBe('openid profile');
  });

  it('can be changed by who goes back, as long as nobody has signed in', async () => {
    const { stack } = scene;
    const browser = stack.browser();
    const page = await ask(stack, browser, { scope });
    await decide(browser, page.clone());
    const narrowed = await decide(browser, page, { choice: 'scopes' });
    const { scope: left } = await redeem(stack, await finish(stack, browser, narrowed));
    expect(left).toBe('openid notes:read');
  });
});

describe('a scope that includes what nothing works without', () => {
  it.each([
    ['may be left out beside it', 'notes:read notes:admin', { 'notes:admin': 'scope-1' }],
    ['stays where it is asked for alone', 'notes:admin', {}],
    ['stays, one of several', 'notes:admin notes:super', { 'notes:super': 'scope-1' }],
  ])('%s: the grant can always be used', async (_what, wanted, expected) => {
    const wide = await startRemembering({
      scopes_supported: ['openid', 'notes:read', 'notes:admin', 'notes:super'],
      scopes: { 'notes:admin': { implies: ['notes:read'] }, 'notes:super': { implies: ['notes:read'] } },
      proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9/mcp', scopes: ['notes:read'] }],
    });
    const html = await (await ask(wide.stack, wide.stack.browser(), { scope: wanted })).text();
    expect(boxes(html)).toEqual(expected);
    await wide.stack.close();
  });
});
