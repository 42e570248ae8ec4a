import { describe, expect, it } from 'vitest';
import { complaints, resolve, runConfig } from './fixture.ts';

const client = { client_id: 'a', redirect_uris: ['https://a.example/cb'] };

describe('the section consent', () => {
  it('remembers nothing, and lets nobody in without cookies, by itself', async () => {
    const none = { remember: null, rememberClients: 'configured', withoutCookies: [] };
    expect((await resolve(runConfig())).consent).toEqual(none);
    expect((await resolve(runConfig({ consent: { name: 'Acme', remember: 0 } }))).consent).toEqual(none);
  });

  it('says for how long, for whom, and who goes on without', async () => {
    const consent = { remember: '720h', remember_clients: 'verified', without_cookies: ['a', 'perplexity'] };
    expect((await resolve(runConfig({ consent, clients: [client] }))).consent).toEqual({
      remember: 30 * 86_400_000,
      rememberClients: 'verified',
      withoutCookies: ['a', 'perplexity'],
    });
  });

  it.each([
    [{ remember: '8761h' }, 'longer than 365 days'],
    [{ remember: '10ms' }, 'shorter than a second'],
    [{ remember: '-1h' }, 'shorter than a second'],
    [{ remember: 'for ever' }, 'not a duration'],
    [{ remember_clients: 'everybody' }, 'consent.remember_clients'],
    [{ without_cookies: [] }, 'consent.without_cookies'],
    [{ without_cookies: ['perplexitty'] }, 'nor the name of a known client'],
  ])('takes nothing that cannot be meant: %j', async (consent, words) => {
    expect(JSON.stringify(await complaints(runConfig({ consent })))).toContain(words);
  });

  it('refuses a client that is to be remembered where nothing is', async () => {
    const clients = [{ ...client, consent: 'remember' }];
    expect(JSON.stringify(await complaints(runConfig({ clients })))).toContain('nothing may be remembered');
    expect(await complaints(runConfig({ clients, consent: { remember: '1h' } }))).toEqual([]);
  });

  it('warns of a public client that nobody is asked about', async () => {
    const clients = [{ ...client, consent: 'skip' }];
    expect((await resolve(runConfig({ clients }))).warnings.join('\n')).toContain(
      'is skip for a client without a secret',
    );
  });
});
