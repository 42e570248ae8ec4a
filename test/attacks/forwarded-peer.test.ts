/**
 * Who a request is from, behind proxies of ours, when its sender lies about it: RFC 7239 §8.1, and the usual reading of
 * `X-Forwarded-For` from its left end, which anybody can write. What it decides is whom limits hold back.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createPeerOf } from '../../src/gateway/peer.ts';
import { issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import { complaints, runConfig } from '../run-config/fixture.ts';
import { Endpoint } from '../proxy/endpoint.ts';

const trusted = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'];

const from = (
  remoteAddress: string,
  forwarded?: string,
  proxies: readonly string[] = trusted,
): string | undefined =>
  createPeerOf(proxies)({
    remoteAddress,
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  });

describe('the address of a request', () => {
  it.each([
    ['of nobody who may pass requests on is its own', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['through a proxy is what that saw', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'through several is what the first of them saw',
      '10.1.2.3',
      '198.51.100.1, 10.9.9.9, 192.0.2.7',
      '198.51.100.1',
    ],
    ['is not what the sender wrote to the left of it', '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['is not that of a proxy which the sender names', '10.1.2.3', '10.5.5.5, 198.51.100.1', '198.51.100.1'],
    ['is the proxy’s own when it says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['is the proxy’s own when it says nonsense', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['is the last one known before nonsense', '10.1.2.3', 'x, 10.8.8.8', '10.8.8.8'],
    ['is found with a port', '10.1.2.3', '198.51.100.1:5555', '198.51.100.1'],
    ['is found in IPv6, with brackets and port', '2001:db8::1', '[2001:470::5]:443', '2001:470::5'],
    ['is IPv4 when it comes mapped', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
    ['has no zone', '10.1.2.3', 'fe80::1%eth0', '10.1.2.3'],
    [
      'is not found behind more hops than anybody has',
      '10.1.2.3',
      `198.51.100.1,${'10.0.0.1,'.repeat(50)}10.0.0.2`,
      '10.0.0.1',
    ],
  ])('%s', (_what, remote, forwarded, expected) => {
    expect(from(remote, forwarded)).toBe(expected);
  });

  it('is that of the connection while no proxy is trusted', () => {
    expect(from('10.1.2.3', '198.51.100.1', [])).toBe('10.1.2.3');
  });
});

describe('trusted proxies', () => {
  it.each([
    '0.0.0.0/0',
    '::/0',
    '1.2.3.4/7',
    '2001::/8',
    'proxy.example.com',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::1%eth0',
  ])('are not %s', async (range) => {
    const found = await complaints(runConfig({ listen: { trusted_proxies: [range] } }));
    expect(found).toEqual([expect.stringContaining('listen.trusted_proxies[0]: ')]);
  });
});

describe('behind a trusted proxy', () => {
  const open: Endpoint[] = [];
  afterEach(async () => {
    for (const endpoint of open.splice(0)) await endpoint.close();
  });

  it('a login counts for whom the proxy names', async () => {
    const sources: string[] = [];
    const endpoint = await Endpoint.start({
      config: { listen: { trusted_proxies: ['127.0.0.0/8'] } },
      wrapStore: (store) => ({
        ...store,
        putPending: (row) => {
          sources.push(row.source);
          return store.putPending(row);
        },
      }),
    });
    open.push(endpoint);
    const { client_id } = await endpoint.stack.register();
    const at = (path: string): string => new URL(path, endpoint.url).href;
    const url = new URL(endpoint.stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }));
    const page = await fetch(at(`${url.pathname}${url.search}`));
    const [cookie = ''] = (page.headers.get('set-cookie') ?? '').split(';');
    const posted = await fetch(at('/oauth/consent'), {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: issuer, 'x-forwarded-for': '1.1.1.1, 198.51.100.1' },
      body: new URLSearchParams({ request: sealedRequest(await page.text()), decision: 'allow' }),
    });
    expect(posted.status).toBe(303);
    expect(sources).toEqual(['198.51.100.1']);
  });
});
