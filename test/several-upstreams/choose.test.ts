import { afterEach, describe, expect, it } from 'vitest';
import { Several } from './world.ts';

let several: Several;
afterEach(() => several.close());

const choose = { sign_in: 'choose' };

describe('several upstreams to choose from', () => {
  it('have a button each, in the order of the configuration, and a no', async () => {
    several = await Several.start(['okta', 'github'], choose);
    const { html } = await several.open();
    const buttons = [...html.matchAll(/name="(upstream|decision)" value="([^"]+)"(?! hidden)/gu)].map(
      ([, name, value]) => [name, value],
    );
    expect(buttons).toEqual([
      ['upstream', 'okta'],
      ['upstream', 'github'],
      ['decision', 'deny'],
    ]);
    expect(html).not.toContain('<script');
  });

  it.each(['okta', 'github'])('lead to the one that was chosen: %s', async (name) => {
    several = await Several.start(['okta', 'github'], choose);
    const visit = await several.open();
    const walked = await several.walk(visit, await several.press(visit, { upstream: name }));
    expect(walked.way).toEqual([name]);
    const tokens = await several.redeem(visit, walked);
    expect((await several.stack.refresh(visit.clientId, tokens.refresh_token)).status).toBe(200);
  });

  it('make another user of the same account name at another one', async () => {
    several = await Several.start(['okta', 'github'], choose);
    const subjects = new Set<string>();
    for (const name of ['okta', 'github']) {
      const visit = await several.open();
      const walked = await several.walk(visit, await several.press(visit, { upstream: name }));
      const { access_token: token } = await several.redeem(visit, walked);
      subjects.add(
        Buffer.from(token.split('.')[1] ?? '', 'base64url')
          .toString()
          .match(/"sub":"[^"]+"/u)?.[0] ?? '',
      );
    }
    expect(subjects.size).toBe(2);
  });

  it('may be chosen again: who goes back signs in at the other one', async () => {
    several = await Several.start(['okta', 'github'], choose);
    const visit = await several.open();
    await several.press(visit, { upstream: 'okta' });
    const walked = await several.walk(visit, await several.press(visit, { upstream: 'github' }));
    expect(walked.way).toEqual(['github']);
    expect((await several.redeem(visit, walked)).refresh_token).toMatch(/^sp_rt_/u);
  });

  it('show their icons, and the page loads nothing else', async () => {
    const icon = 'https://cdn.example.com/okta.svg';
    several = await Several.start(['okta', 'github'], choose, { changes: { okta: { icon } } });
    const clientId = (await several.stack.register()).client_id;
    const url = several.stack.authorizeUrl({ client_id: clientId, code_challenge: 'x'.repeat(43) });
    const page = await several.stack.browser().get(url);
    expect(page.headers.get('content-security-policy')).toContain('img-src https://cdn.example.com;');
    expect(await page.text()).toContain(`src="${icon}"`);
  });

  it('go on while one of them is down, and say so', async () => {
    several = await Several.start(['okta', 'github'], choose);
    await several.providers['github']?.pause();
    const visit = await several.open();
    const walked = await several.walk(visit, await several.press(visit, { upstream: 'okta' }));
    expect(walked.end.searchParams.get('code')).toMatch(/^sp_ac_/u);
    const { ready } = await several.stack.auth.readiness();
    expect(ready).toBe(true);
    await several.providers['github']?.resume();
  });

  it('say no by the button for it, and by a form that names none', async () => {
    several = await Several.start(['okta', 'github'], choose);
    for (const fields of [
      { decision: 'deny' },
      {},
      { decision: 'allow' },
      { decision: 'deny', upstream: 'okta' },
    ]) {
      const visit = await several.open();
      const told = await several.press(visit, fields);
      expect(new URL(told).searchParams.get('error')).toBe('access_denied');
    }
  });
});
