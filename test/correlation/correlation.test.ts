import { afterEach, describe, expect, it, vi } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import { startAudited } from '../audit/scene.ts';
import type { Audited } from '../audit/scene.ts';
import { issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';

let audited: Audited;

afterEach(() => audited?.close());

type Browser = ReturnType<Audited['stack']['browser']>;

async function begin(
  more: Readonly<Record<string, string>> = {},
): Promise<{ page: Response; browser: Browser }> {
  const { stack } = audited;
  const { client_id } = await stack.register();
  const browser = stack.browser();
  const url = stack.authorizeUrl({ client_id, code_challenge: pkce().challenge, ...more });
  return { page: await browser.get(url), browser };
}

const allow = async (browser: Browser, page: Response): Promise<Response> =>
  browser.post(`${issuer}/oauth/consent`, { request: sealedRequest(await page.text()), decision: 'allow' });

/** Every correlation id of the log lines that have one, of an endpoint or all. */
const logged = (about: (fields: Readonly<Record<string, unknown>>) => boolean = () => true): Set<unknown> =>
  new Set(
    audited.stack.log.flatMap(({ fields }) =>
      'correlationId' in fields && about(fields) ? [fields['correlationId']] : [],
    ),
  );
const ofLogin = ({ endpoint }: Readonly<Record<string, unknown>>): boolean => endpoint !== 'register';
/** What an error page calls it. */
const shown = async (page: Response): Promise<string> => {
  const [, id = ''] = /Reference for support: (?:<[^>]*>)*([\w-]{12})</.exec(await page.text()) ?? [];
  return id;
};

describe('the correlation id of a login', () => {
  it('is one and the same in every log line and every event from the first page to the code', async () => {
    audited = await startAudited();
    const { page, browser } = await begin();
    const posted = await allow(browser, page);
    const back = await audited.stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    expect((await browser.get(back)).headers.get('location')).toContain('code=');
    const [id, ...others] = logged(ofLogin);
    expect(id).toMatch(/^[\w-]{12}$/);
    expect(others).toEqual([]);
    const answered = audited.stack.log.filter(({ fields }) => fields['correlationId'] === id);
    const endpoints = answered.flatMap(({ fields }) => fields['endpoint'] ?? []);
    expect(endpoints).toEqual(['authorize', 'consent', 'callback']);
    for (const event of ['consent_allowed', 'login_succeeded', 'code_issued'] as const)
      expect(audited.first(event)['correlationId']).toBe(id);
  });

  it('is what the user reads when the identity provider is down, and finds the reason in the log', async () => {
    audited = await startAudited();
    const { page, browser } = await begin();
    const posted = await allow(browser, page);
    const back = await audited.stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    await audited.stack.provider.pause();
    const failed = await browser.get(back);
    await audited.stack.provider.resume();
    expect(failed.status).toBe(503);
    const id = await shown(failed);
    expect([...logged(ofLogin)]).toEqual([id]);
    expect(audited.first('login_failed')['correlationId']).toBe(id);
    const reasons = audited.stack.log.filter(({ message }) => message === 'login failed');
    expect(reasons).toMatchObject([{ level: 'warn', fields: { correlationId: id, failure: 'unavailable' } }]);
  });

  it.each(['putPending', 'takePending', 'commitLogin'] as const)(
    'is what the user reads when the store fails at %s',
    async (step) => {
      const refuse = (): Promise<never> => Promise.reject(new SallyportError('storage_failed', 'no disk'));
      audited = await startAudited({}, { wrapStore: (store) => ({ ...store, [step]: refuse }) });
      const { page, browser } = await begin();
      const posted = await allow(browser, page);
      const location = posted.headers.get('location');
      const failed =
        location === null
          ? posted
          : await browser.get(await audited.stack.provider.signIn(location, 'alice'));
      expect(failed.status).toBe(503);
      const id = await shown(failed);
      expect(id).toMatch(/^[\w-]{12}$/);
      expect([...logged(ofLogin)]).toEqual([id]);
    },
  );

  it('is on the page that turns an account away', async () => {
    audited = await startAudited({ access: [{ email_domains: ['elsewhere.example'] }] });
    const { page, browser } = await begin();
    const posted = await allow(browser, page);
    const back = await audited.stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    const id = await shown(await browser.get(back));
    expect(audited.first('access_denied')['correlationId']).toBe(id);
  });

  it('is told with an authorization request that is refused', async () => {
    audited = await startAudited();
    const redirect = 'https://app.example/callback';
    const { client_id } = await audited.stack.register({ redirect_uris: [redirect] });
    const url = audited.stack.authorizeUrl({ client_id, redirect_uri: redirect, code_challenge: 'short' });
    const id = await shown(await audited.stack.browser().get(url));
    expect(id).toMatch(/^[\w-]{12}$/);
    expect([...logged(ofLogin)]).toEqual([id]);
    const refused = audited.stack.log.filter(({ message }) => message === 'authorization refused');
    expect(refused).toMatchObject([{ fields: { correlationId: id } }]);
  });

  it('tells two logins of one browser apart', async () => {
    audited = await startAudited();
    const first = await begin();
    await allow(first.browser, first.page);
    const second = await begin();
    await allow(second.browser, second.page);
    const ids = audited.of('consent_allowed').map(({ correlationId }) => correlationId);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('the correlation id of a request', () => {
  it('is in a header of every JSON error, which scripts may read, and in its log line', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const answer = await stack.token({
      grant_type: 'refresh_token',
      client_id: 'nobody',
      refresh_token: 'x',
    });
    expect(answer.status).toBe(401);
    const id = answer.headers.get('x-correlation-id');
    expect(id).toMatch(/^[\w-]{12}$/);
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Correlation-Id');
    expect([...logged()]).toEqual([id]);
    expect((await stack.token({})).headers.get('x-correlation-id')).not.toBe(id);
  });

  it('leads from a refused refresh to the theft behind it', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    stack.advance(300_000);
    const answer = await stack.refresh(clientId, refresh_token);
    const id = answer.headers.get('x-correlation-id');
    expect(audited.first('theft_detected')['correlationId']).toBe(id);
    const lines = stack.log.filter(({ fields }) => fields['correlationId'] === id);
    expect(lines.map(({ message }) => message)).toContain('refresh token replayed: the grant was revoked');
  });

  it('is on the answers of MCP endpoints', async () => {
    const endpoint = await Endpoint.start();
    const refused = await fetch(endpoint.url, { method: 'POST' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('x-correlation-id')).toMatch(/^[\w-]{12}$/);
    await endpoint.close();
  });

  it('cannot be chosen by who asks', async () => {
    audited = await startAudited();
    const headers = { 'x-correlation-id': 'chosen', 'x-request-id': 'chosen' };
    const answer = await audited.stack.token({ grant_type: 'x' }, headers);
    await vi.waitFor(() => expect(logged().size).toBe(1));
    expect(answer.headers.get('x-correlation-id')).not.toBe('chosen');
    expect(JSON.stringify(audited.stack.log)).not.toContain('chosen');
  });
});
