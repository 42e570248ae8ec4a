import { afterEach, describe, expect, it } from 'vitest';
import { newStatementSigner, vouchedUri, voucher } from '../client-registration/statements.ts';
import { redirectUri } from '../fixtures/stack.ts';
import type { Audited } from './scene.ts';
import { startAudited } from './scene.ts';

let audited: Audited;
afterEach(() => audited.close());

const token = 'f'.repeat(64);
const evil = 'https://evil.example/callback';

function post(metadata: object, headers: Record<string, string> = {}): Promise<Response> {
  return audited.stack.call('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(metadata),
  });
}

const refusals = (): unknown[] => audited.of('client_registration_refused').map(({ by }) => by);

describe('a registration that is not wanted', () => {
  it('is told by what refused it: the addresses, or the name of the software', async () => {
    audited = await startAudited({
      registration: { policy: 'allow_list', allow_software_ids: ['acme'] },
    });
    expect((await post({ redirect_uris: [evil] })).status).toBe(400);
    expect((await post({ redirect_uris: [redirectUri] })).status).toBe(400);
    expect(refusals()).toEqual(['redirect_uris', 'software_id']);
    expect(audited.first('client_registration_refused')).toMatchObject({
      outcome: 'denied',
      source: 'unknown',
      correlationId: expect.stringMatching(/^[\w-]{12}$/u),
      reason: expect.stringContaining('is not allowed here'),
    });
    expect(audited.of('client_registered')).toEqual([]);
  });

  it('is told without the token that was sent', async () => {
    const registration = {
      policy: 'initial_access_token',
      initial_access_token_env_vars: ['REGISTRATION_TOKEN'],
    };
    audited = await startAudited({ registration }, { env: { REGISTRATION_TOKEN: token } });
    await post({ redirect_uris: [redirectUri] });
    await post({ redirect_uris: [redirectUri] }, { authorization: `Bearer ${'e'.repeat(64)}` });
    expect(refusals()).toEqual(['token', 'token']);
    expect(JSON.stringify(audited.events)).not.toContain('eeee');
  });

  it('is told when it is for the statement that it brings, and not when it is a mistake', async () => {
    const signer = await newStatementSigner();
    audited = await startAudited({
      registration: { software_statements: [{ issuer: voucher, jwks: { keys: [signer.jwk] } }] },
    });
    const stranger = await newStatementSigner();
    await post({ software_statement: await stranger.sign() });
    await post({ software_statement: await signer.sign({ iss: 'https://other.example' }) });
    await post({ software_statement: await signer.sign({ redirect_uris: ['javascript:x'] }) });
    await post({ redirect_uris: 'x' });
    expect(refusals()).toEqual(['statement', 'statement']);
  });

  it('is not told without end', async () => {
    audited = await startAudited({ registration: { policy: 'allow_list', allow_hosts: ['a.example'] } });
    for (let count = 0; count < 1200; count += 1) await post({ redirect_uris: [evil] });
    expect(refusals().length).toBeLessThan(1100);
  });
});

describe('a registration that somebody vouches for', () => {
  it('is told with who does', async () => {
    const signer = await newStatementSigner();
    audited = await startAudited({
      registration: { software_statements: [{ issuer: voucher, jwks: { keys: [signer.jwk] } }] },
    });
    await post({ software_statement: await signer.sign() });
    await post({ redirect_uris: [vouchedUri] });
    expect(audited.of('client_registered').map((event) => event['voucher'])).toEqual([voucher, null]);
  });
});
