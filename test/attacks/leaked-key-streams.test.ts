/**
 * Who holds a leaked signing key writes tokens that end in a thousand years. Taking the key away makes them worthless, and
 * an event stream that such a token has opened before must end too: a stream looks at its token again for as long as it runs.
 * Honest streams outlive every reload that leaves their key.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createPrivateKey } from 'node:crypto';
import { SignJWT, decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { createProtectedResource } from '../../src/resource/index.ts';
import { Secret } from '../../src/types/secret.ts';
import { resource, startStack } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';

const leaked = generateSigningKeyPem();
const next = generateSigningKeyPem();
const signing_key_config = { key_dir: '/keys', signing_key_file: 'leaked.pem' };
const sourceOf = (pem: string, origin: string) => ({ pem: new Secret(pem), origin });

let endpoint: Endpoint;
let behind: Promise<ServerResponse>;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    streamCheckEvery: 20,
    config: { signing_key_config, key_activation_delay: '0s' },
    files: { '/keys/leaked.pem': leaked },
  });
});
afterAll(() => endpoint.close());

function backendAnswers(): void {
  const opened = Promise.withResolvers<ServerResponse>();
  behind = opened.promise;
  endpoint.backend = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    opened.resolve(response);
  };
}

async function open(token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  backendAnswers();
  const response = await endpoint.call(token, { method: 'GET', body: null });
  expect(response.status).toBe(200);
  if (!response.body) throw new Error('a stream has a body');
  const reader = response.body.getReader();
  await reader.read();
  return reader;
}

/** The honest token once more, for a thousand years. */
async function forge(token: string): Promise<string> {
  const { kid, alg } = parseSigningKey(leaked, 'leaked');
  const claims = { ...decodeJwt(token), exp: 32_503_680_000 };
  return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'at+jwt' }).sign(createPrivateKey(leaked));
}

const reload = (signingKeys: Config['signingKeys']): Promise<readonly string[]> =>
  endpoint.stack.auth.reload(() => Promise.resolve({ ...endpoint.stack.auth.config, signingKeys }));

describe('the guard of a host program', () => {
  it('that was made before a key leaked refuses what the key signs as soon as it is gone', async () => {
    const stack = await startStack(
      { signing_key_config, key_activation_delay: '0s' },
      { files: { '/keys/leaked.pem': leaked } },
    );
    const { tokens, sessions } = stack.auth;
    const guard = createProtectedResource({ resource, scopes: [], upstream: null, tokens, sessions });
    const forged = await forge((await stack.signIn()).access_token);
    const ask = async (): Promise<string> =>
      (await guard.authenticate({ authorization: `Bearer ${forged}` })).r;
    expect(await ask()).toBe('ok');
    const signingKeys = { signing: sourceOf(next, 'next'), fallbacks: [] };
    await stack.auth.reload(() => Promise.resolve({ ...stack.auth.config, signingKeys }));
    expect(await ask()).toBe('refused');
    await stack.close();
  });
});

describe('a stream that was opened with a forged token', () => {
  it('goes on while its key is there, and ends with it', async () => {
    const { access_token } = await endpoint.stack.signIn();
    const forged = await forge(access_token);
    const reader = await open(forged);
    const server = await behind;

    const both = { signing: sourceOf(next, 'next'), fallbacks: [sourceOf(leaked, 'leaked')] };
    await reload(both);
    server.write('data: 2\n\n');
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('data: 2\n\n');

    const closed = once(server, 'close');
    await reload({ signing: sourceOf(next, 'next'), fallbacks: [] });
    expect((await endpoint.call(forged)).status).toBe(401);
    await closed;
    await expect(reader.read()).rejects.toThrow();
  });
});
