/**
 * A cookie that the attacker chose: with one planted in the victim's browser, whoever knows its value could consent for
 * the victim (CVE-2026-27124 by way of session fixation). RFC 6265bis §4.1.3.2 (`__Host-`) and §8.6 (weak integrity);
 * prefix bypass by characters that a server strips from names.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, startStack } from '../fixtures/stack.ts';
import { allow, answerOf, askConsent, consentUrl, cookieName, shown } from './login-steps.ts';

const chosen = 'A'.repeat(43);

let stack: Stack;
let clientId: string;
let name: string;
beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
  name = await cookieName(stack, clientId);
});
afterAll(() => stack.close());

/** The victim's request with a planted cookie; whether the server took it for its own, and so set no other. */
async function taken(cookie: string): Promise<boolean> {
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
  const answer = await stack.fetch(new Request(url, { headers: { cookie } }));
  expect(answer.status).toBe(200);
  return answer.headers.getSetCookie().length === 0;
}

describe('the cookie that ties a login to its browser', () => {
  it('is one that no other host, path or script can write or read', async () => {
    const answer = await stack.call(
      stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge }),
    );
    const [line = '', ...more] = answer.headers.getSetCookie();
    expect(more).toEqual([]);
    const [pair = '', ...attributes] = line.split('; ');
    expect(pair).toMatch(/^__Host-sallyport-[\w-]{8}=[\w-]{43}$/u);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);
  });

  it('is new for each browser', async () => {
    const values = new Set<string>();
    for (let index = 0; index < 20; index += 1) {
      const browser = stack.browser();
      await askConsent(stack, browser, { client_id: clientId });
      values.add(browser.cookies.get(name) ?? '');
    }
    expect(values.size).toBe(20);
  });

  it('is the only one that is ever set, and only where consent is asked', async () => {
    const browser = stack.browser();
    const back = await answerOf(stack, browser, { clientId });
    expect((await browser.get(back)).headers.getSetCookie()).toEqual([]);
    expect([...browser.cookies.keys()]).toEqual([name]);
  });
});

describe('a planted cookie is not taken', () => {
  it('the plain one is, so that the refusals below mean something', async () => {
    expect(await taken(`${name}=${chosen}`)).toBe(true);
    expect(await taken(`a=b; ${name}=${chosen}; c=d`)).toBe(true);
  });

  it.each([
    ['without the prefix', (own: string) => own.replace('__Host-', '')],
    ['with the weaker prefix', (own: string) => own.replace('__Host-', '__Secure-')],
    ['with the prefix in other letters', (own: string) => own.replace('__Host-', '__HOST-')],
    ['with the name in other letters', (own: string) => own.toUpperCase()],
    ['for another issuer', (own: string) => own.replace(/.{8}$/u, '00000000')],
    ['with an encoded prefix', (own: string) => own.replace('__', '%5F%5F')],
    ['with a longer name', (own: string) => `${own}x`],
    ['with a dollar', (own: string) => `$${own}`],
    ['with quotes', (own: string) => `"${own}"`],
  ])('%s', async (_, change) => {
    expect(await taken(`${change(name)}=${chosen}`)).toBe(false);
  });

  // A host below the same domain may write any name that does not begin with the prefix, and browsers compare bytes.
  it.each(['\u00a0', '\u0085', '\v', '\f', '\u00ad', '\u00ff', '\u001f'])(
    'whose name hides its prefix behind a character that trimming takes away: %j',
    async (hidden) => {
      const front = await listen(createGateway(stack.auth).listener);
      const target = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
      const send = (cookie: string): Promise<boolean> =>
        overTheWire(`${front.url}${target.slice(issuer.length)}`, cookie);
      for (const planted of [
        `${hidden}${name}=${chosen}`,
        `${name}${hidden}=${chosen}`,
        `a=b;${hidden} ${name}=${chosen}`,
      ]) {
        // Control characters do not get past Node's parser: the whole request is refused.
        expect([planted, await send(planted)]).toEqual([planted, false]);
      }
      expect(await send(`${name}=${chosen}`)).toBe(true);
      await front.close();
    },
  );

  it('beside the real one: two of one name, and nobody can tell which is ours', async () => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { client_id: clientId });
    const own = `${name}=${browser.cookies.get(name)}`;
    const planted = `${name}=${chosen}`;
    for (const cookie of [`${planted}; ${own}`, `${own}; ${planted}`, `${own}; a=b; ${own}; ${planted}`])
      expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }, { cookie }))).toBe(
        '403 page',
      );
    expect(await allow(browser, request)).toContain(stack.provider.issuer);
  });

  it.each([
    ['empty', ''],
    ['too short', 'A'.repeat(42)],
    ['too long', 'A'.repeat(44)],
    ['over-long', 'A'.repeat(16_000)],
    ['not in our letters', `${'A'.repeat(42)}=`],
    ['quoted', `"${chosen}"`],
    ['encoded', '%41'.repeat(43)],
    ['with a space inside', `${'A'.repeat(21)} ${'A'.repeat(21)}`],
    ['with a comma', `${chosen},${chosen}`],
    ['an object', '{"__proto__":1}'],
  ])('when its value is %s: a new one replaces it', async (_, value) => {
    expect(await taken(`${name}=${value}`)).toBe(false);
    expect(await taken(`${name}=${value}; ${name}=${chosen}`)).toBe(false);
  });

  it('when there are thousands of others', async () => {
    const others = Array.from({ length: 2000 }, (_, index) => `c${index}=${index}`).join('; ');
    expect(await taken(others)).toBe(false);
    expect(await taken(`${others}; ${name}=${chosen}`)).toBe(true);
  });
});

describe('knowing the name is not enough', () => {
  it('a victim with a cookie under a look-alike name cannot finish what the attacker consented to', async () => {
    const attacker = stack.browser();
    attacker.cookies.set(name, chosen);
    const back = await answerOf(stack, attacker, { clientId, account: 'victim' });
    for (const planted of [name.replace('__Host-', ''), `\u00a0${name}`, `${name}\u00a0`]) {
      const answer = await stack.fetch(new Request(back, { headers: { cookie: `${planted}=${chosen}` } }));
      expect(await shown(answer)).toBe('403 page');
    }
    expect((await attacker.get(back)).status).toBe(303);
  });
});

/** Sends a header byte for byte; false when the server did not take the cookie, or not even the request. */
function overTheWire(url: string, cookie: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port, pathname, search } = new URL(url);
    const head = `GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\ncookie: ${cookie}\r\n\r\n`;
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer.startsWith('HTTP/1.1 200') && !/\r\nset-cookie:/iu.test(answer)));
    socket.end(Buffer.from(head, 'latin1'));
  });
}
