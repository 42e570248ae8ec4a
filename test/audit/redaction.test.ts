import { afterEach, describe, expect, it } from 'vitest';
import {
  clientLabel,
  correlationLabel,
  grantLabel,
  nameLabel,
  outsideLabel,
  sourceLabel,
  userLabel,
} from '../../src/observe/audit/labels.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce } from '../fixtures/stack.ts';
import type { Audited } from './scene.ts';
import { startAudited } from './scene.ts';

const jwt = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const refreshToken = 'sp_rt_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEf';

describe('what a client calls itself', () => {
  let audited: Audited;
  afterEach(() => audited.stack.close());

  const told = async (client_name: string): Promise<unknown> => {
    audited = await startAudited();
    await audited.stack.register({ client_name });
    return audited.first('client_registered')['clientName'];
  };

  it('is cut short', async () => {
    expect(await told('A'.repeat(200))).toBe(`${'A'.repeat(119)}…`);
  });

  it('cannot be a token', async () => {
    expect(await told(`keep ${refreshToken} and ${jwt}`)).toBe('keep [redacted] and [redacted]');
  });

  it('cannot begin a line or an event of its own', async () => {
    await told('x"}\n{"event":"login_succeeded"}');
    expect(JSON.stringify(audited.events.at(-1)).split('\n')).toHaveLength(1);
    expect(audited.of('login_succeeded')).toEqual([]);
  });
});

describe('an event', () => {
  it('takes no plain string, by its types', async () => {
    const audited = await startAudited();
    const { audit } = audited.stack.auth.observer;
    // @ts-expect-error: a token is not a name
    audit.record('stopped', () => ({ issuer: refreshToken }));
    // @ts-expect-error: text from outside is not a name either
    audit.record('stopped', () => ({ issuer: outsideLabel('x') }));
    audit.record('stopped', () => ({ issuer: nameLabel('x') }));
    expect(audited.of('stopped')).toHaveLength(3);
    await audited.stack.close();
  });
});

describe('labels', () => {
  it('escape what would move a terminal or hide text, and backslashes, so that nothing is ambiguous', () => {
    expect(outsideLabel('a\u001B[2Jb\u202Ec\u2028d\\u0041')).toBe(
      String.raw`a\u001b[2Jb\u202ec\u2028d\u005cu0041`,
    );
    expect(nameLabel('a\nb')).toBe(String.raw`a\u000ab`);
  });

  it('redact tokens wherever they stand', () => {
    expect(outsideLabel(`Bearer ${jwt}`)).toBe('Bearer [redacted]');
    expect(nameLabel(`https://a.example/?code=sp_ac_${'x'.repeat(60)}`)).toBe(
      'https://a.example/?code=[redacted]',
    );
    expect(outsideLabel(`${'y'.repeat(100)}${refreshToken}`)).toBe(`${'y'.repeat(100)}[redacted]`);
  });

  it('take ids only in the form that ids have', () => {
    expect(grantLabel({ bucket: '3fa', grantId: 'AAAAAAAAAAAAAAAAAAAAAA' })).toBe(
      '3fa.AAAAAAAAAAAAAAAAAAAAAA',
    );
    expect(userLabel(jwt)).toBe('unreadable');
    expect(correlationLabel(refreshToken)).toBe('[redacted]');
    expect(grantLabel({ bucket: '3fa', grantId: 'two words' })).toBe('unreadable');
  });

  it('tell a client by a hash: its id may be a kilobyte that strangers wrote', () => {
    expect(clientLabel('x'.repeat(1000))).toMatch(/^[\w-]{16}$/);
    expect(clientLabel('a')).not.toBe(clientLabel('b'));
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
    ['203.0.113.7, forged', 'unreadable'],
  ])('tell %s as %s', (address, label) => {
    expect(sourceLabel(address)).toBe(label);
  });
});

describe('a whole day of a server', () => {
  /** Every secret that passed, as far as a test can know it. */
  async function live({ stack }: Audited): Promise<readonly string[]> {
    const { client_id } = await stack.register({ client_name: 'Day' });
    const { verifier, challenge } = pkce();
    const back = await stack.login({
      client_id,
      code_challenge: challenge,
      scope: 'openid email',
      state: 'st4te-of-client',
    });
    const code = back.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
    const tokens = (await (await stack.token(form)).json()) as Readonly<Record<string, string>>;
    const { access_token = '', refresh_token = '', id_token = '' } = tokens;
    const next = (await (await stack.refresh(client_id, refresh_token)).json()) as typeof tokens;
    await stack.refresh(client_id, `${refresh_token}x`);
    await stack.token({ ...form, code_verifier: 'w'.repeat(43) });
    stack.advance(300_000);
    await stack.refresh(client_id, refresh_token);
    const body = new URLSearchParams({ token: access_token, client_id });
    await stack.call('/oauth/revoke', { method: 'POST', body });
    const secrets = [code, verifier, access_token, refresh_token, id_token, next['refresh_token'] ?? ''];
    return [...secrets, 'st4te-of-client', 'upstream-secret-upstream-secret-1', 'alice@example.com'];
  }

  const spilled = (text: string, secrets: readonly string[]): readonly string[] =>
    secrets.filter((secret) => secret === '' || text.includes(secret) || text.includes(secret.slice(-24)));

  it('leaves no secret in its events, its log or its numbers', async () => {
    const audited = await startAudited();
    const { stack }: { readonly stack: Stack } = audited;
    const secrets = await live(audited);
    expect(secrets.every((secret) => secret.length >= 15)).toBe(true);
    expect(audited.of('theft_detected')).toHaveLength(1);
    expect(spilled(JSON.stringify(audited.events), secrets)).toEqual([]);
    expect(stack.log.some(({ level }) => level === 'debug')).toBe(true);
    expect(spilled(JSON.stringify(stack.log), secrets)).toEqual([]);
    expect(spilled(await stack.auth.metrics(), [...secrets, 'Day', 'alice'])).toEqual([]);
    await stack.close();
  });
});
