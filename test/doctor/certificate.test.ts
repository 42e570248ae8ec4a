import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateFinding } from '../../src/doctor/checks-connection.ts';

/** Of `localhost` and 127.0.0.1, signed by itself, good for a hundred years; used by nothing but this test. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUVDEQrqV6S1tZOmEXjFmdvH8FcW0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEyMzc1NloYDzIxMjYxMDMw
MTIzNzU2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQA12PNL8lN2/MTZM80mhJroxnQeRug2QKAXPiG1elBlF8ORpKqHNQx
YGSa9jbd/uRzFoNFbpaHtq4Z+2K4g84Bo28wbTAdBgNVHQ4EFgQUBp7/AndO0c4Y
42FvKSwed4nZkXEwHwYDVR0jBBgwFoAUBp7/AndO0c4Y42FvKSwed4nZkXEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgE8YFzANiH2R64Qy30hLABgR3/6uuMIFxCxLUt5V+e1ACIHf8
8TvvoWDwVU1AMJQIjd5os4t99DcT50KGLkVfGX3f
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYrgjkcFbnA6qhmEq
z7+FWz6OFQ6sZL/CXocKiRZhBgahRANCAAQA12PNL8lN2/MTZM80mhJroxnQeRug
2QKAXPiG1elBlF8ORpKqHNQxYGSa9jbd/uRzFoNFbpaHtq4Z+2K4g84B
-----END PRIVATE KEY-----
`;

const server = createServer({ cert, key });
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A listening TCP server has an address.
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
});

describe('the certificate of a host', () => {
  it('that nobody vouches for is a failure', async () => {
    const [found] = await certificateFinding('certificate', url);
    expect(found).toMatchObject({ check: 'certificate', level: 'fail' });
    expect(found?.message).toContain('SELF_SIGNED');
  });

  it('is fine when its authority is known, and tells its end', async () => {
    const [found] = await certificateFinding('certificate', url, { ca: cert });
    expect(found).toMatchObject({ level: 'ok' });
    expect(found?.message).toMatch(/ends in \d+ days/u);
  });

  it('is a warning three weeks before its end', async () => {
    const end = Date.parse(new X509Certificate(cert).validTo);
    const at = (days: number): number => end - days * 86_400_000;
    const levels = [];
    for (const days of [30, 10])
      levels.push((await certificateFinding('certificate', url, { ca: cert, now: at(days) }))[0]?.level);
    expect(levels).toEqual(['ok', 'warn']);
  });

  it('is not looked for without https, or where nobody answers', async () => {
    expect(await certificateFinding('certificate', 'http://127.0.0.1/')).toEqual([]);
    expect(await certificateFinding('certificate', 'https://127.0.0.1:1/')).toEqual([]);
  });
});
