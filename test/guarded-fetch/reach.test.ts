import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { FetchPolicy, ResolvedAddress } from '../../src/net/policy.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';

let server: HostileServer;
const opened: GuardedFetch[] = [];

beforeEach(async () => {
  server = await startHostileServer();
  server.on('/', json({ hello: 'world' }));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((fetch) => fetch.close()));
  await server.close();
});

function guard(policy: Partial<FetchPolicy> = {}): GuardedFetch {
  const fetch = createGuardedFetch({ allowHttp: false, allowPrivate: false, ...policy });
  opened.push(fetch);
  return fetch;
}

/** A name server that gives one answer per question, the last one forever. */
function lookupOf(...answers: readonly (readonly string[])[]): {
  lookup: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const lookup = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { lookup, asked };
}

const refusal = { name: 'SallyportError', code: 'fetch_refused' };

describe('the scheme', () => {
  test('must be https', async () => {
    await expect(guard()('http://example.com/')).rejects.toMatchObject(refusal);
  });

  test.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:,x',
    'javascript:1',
    'ws://example.com',
    'nonsense',
    '',
  ])('may never be anything but http and https: %j', async (url) => {
    const open = guard({ allowHttp: true, allowPrivate: true, allowLoopback: true });
    await expect(open(url)).rejects.toMatchObject(refusal);
  });

  test('may be http when that is allowed; the address is checked all the same', async () => {
    await expect(guard({ allowHttp: true })(server.origin)).rejects.toMatchObject(refusal);
    const open = guard({ allowHttp: true, allowPrivate: true });
    await expect((await open(server.origin)).json()).resolves.toEqual({ hello: 'world' });
  });

  test('private addresses alone do not allow http', async () => {
    await expect(guard({ allowPrivate: true })(server.origin)).rejects.toMatchObject(refusal);
    expect(server.received).toEqual([]);
  });
});

describe('literal addresses', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.0.0.1.',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.0.9',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:169.254.169.254]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::a00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fe80::1%25eth0]',
    '[fe80::1%eth0]',
    '[fec0::1]',
    '[fd00::1]',
    '[100:0:0:1::1]',
    '[4000::1]',
    '[5f00::1]',
  ])('%s is refused before anything is dialled', async (host) => {
    const { lookup, asked } = lookupOf(['8.8.8.8']);
    await expect(guard({ lookup })(`https://${host}:${server.port}/`)).rejects.toMatchObject(refusal);
    await expect(guard({ lookup, allowHttp: true })(`http://${host}:${server.port}/`)).rejects.toMatchObject(
      refusal,
    );
    expect(asked).toEqual([]);
    expect(server.received).toEqual([]);
  });
});

describe('names', () => {
  test.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    ['fd00::1'],
    ['169.254.169.254'],
    ['64:ff9b::7f00:1'],
    ['fe80::1%eth0'],
    ['not an address'],
  ])('that resolve to %s are refused', async (address) => {
    const { lookup } = lookupOf([address]);
    await expect(guard({ lookup })('https://idp.example/')).rejects.toMatchObject(refusal);
  });

  test('that resolve to a public and a private address are refused', async () => {
    const { lookup } = lookupOf(['93.184.216.34', '127.0.0.1']);
    await expect(
      guard({ lookup, allowHttp: true })(`http://idp.example:${server.port}/`),
    ).rejects.toMatchObject(refusal);
    expect(server.received).toEqual([]);
  });

  test('that resolve to nothing cannot be reached', async () => {
    const { lookup } = lookupOf([]);
    await expect(guard({ lookup })('https://idp.example/')).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
  });

  test('are dialled at the very address that was checked: a second answer is never asked for (rebinding)', async () => {
    const { lookup, asked } = lookupOf(['127.0.0.1'], ['169.254.169.254']);
    const open = guard({ lookup, allowHttp: true, allowPrivate: true });
    const response = await open(`http://rebinding.example:${server.port}/`);
    expect(response.status).toBe(200);
    expect(asked).toEqual(['rebinding.example']);
    expect(server.received[0]?.headers.host).toBe(`rebinding.example:${server.port}`);
  });

  test('that answer publicly at first and privately when dialled again are refused then', async () => {
    const { lookup, asked } = lookupOf(['127.0.0.1'], ['169.254.169.254']);
    server.on('/', (_request, response) => {
      response.writeHead(200, { connection: 'close' }).end('{}');
    });
    const open = guard({ lookup, allowHttp: true, allowPrivate: true });
    await open(`http://rebinding.example:${server.port}/`);
    await expect(open(`http://rebinding.example:${server.port}/`)).rejects.toMatchObject(refusal);
    expect(asked).toHaveLength(2);
    expect(server.received).toHaveLength(1);
  });

  test('that cannot be resolved are a network failure', async () => {
    const lookup = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    await expect(guard({ lookup })('https://idp.example/')).rejects.toMatchObject({
      code: 'upstream_unavailable',
      message: expect.stringContaining('ENOTFOUND'),
    });
  });
});

describe('a loopback host that the operator named', () => {
  test('is reached over http without any flag', async () => {
    const open = guard({ allowLoopback: true });
    expect((await open(server.origin)).status).toBe(200);
    expect((await open(`http://localhost:${server.port}/`)).status).toBe(200);
  });

  test('opens loopback to no other name, and no other private address', async () => {
    const { lookup } = lookupOf(['127.0.0.1']);
    const open = guard({ allowLoopback: true, lookup });
    await expect(open(`https://idp.example:${server.port}/`)).rejects.toMatchObject(refusal);
    await expect(open('http://10.0.0.1/')).rejects.toMatchObject(refusal);
    await expect(open('https://10.0.0.1/')).rejects.toMatchObject(refusal);
    await expect(open('http://idp.example/')).rejects.toMatchObject(refusal);
  });

  test('must really lead to this machine', async () => {
    const { lookup } = lookupOf(['93.184.216.34']);
    await expect(guard({ allowLoopback: true, lookup })('http://localhost/')).rejects.toMatchObject(refusal);
  });
});

describe('closing', () => {
  test('refuses what comes later, and may be repeated', async () => {
    const fetch = guard({ allowLoopback: true });
    await fetch(server.origin);
    await fetch.close();
    await fetch.close();
    await expect(fetch(server.origin)).rejects.toMatchObject({ code: 'closed' });
  });

  test('lets running requests end', async () => {
    const fetch = guard({ allowLoopback: true });
    let release = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      server.on('/slow', (_request, response) => {
        release = () => void response.end('{}');
        resolve();
      });
    });
    const running = fetch(`${server.origin}/slow`);
    await arrived;
    const closing = fetch.close();
    release();
    await expect(running).resolves.toHaveProperty('status', 200);
    await closing;
  });
});
