/** Every profile at the provider that it is for: what is right is called right, whatever the provider's habits. */
import { afterEach, expect, it } from 'vitest';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import { rows } from '../profiles/rows.ts';
import { complaints, configAt, examine, secret, startProvider, worst } from './upstream-at.ts';

let provider: ProviderSimulator | undefined;
afterEach(async () => provider?.close());

/** What is true of a provider even when everything is done right. */
const known: Readonly<Record<string, readonly string[]>> = {
  'okta-custom': ['subject warn'],
  // Simulators list no scopes but those of OpenID Connect.
  'entra-v1': ['scopes warn'],
  keycloak: ['scopes warn'],
  salesforce: ['scopes warn'],
  dex: ['scopes warn'],
  // The token answer alone tells who somebody is.
  snowflake: ['refresh warn'],
  notion: ['refresh warn'],
  // Nothing tells that it gives refresh tokens unasked.
  'plain-oidc': ['refresh warn'],
  'plain-oauth2': ['revocation warn'],
};

it.each(rows.map((row) => [row.preset, row] as const))(
  'nothing fails at %s, and it knows us',
  async (preset, { fields }) => {
    provider = await startProvider(preset);
    const findings = await examine(await configAt(provider, fields));
    expect(worst(findings, 'client-authentication')).toMatchObject({ level: 'ok' });
    expect(worst(findings, 'authorization-request')).toMatchObject({ level: 'ok' });
    expect(complaints(findings)).toEqual(known[preset] ?? []);
    expect(JSON.stringify(findings)).not.toContain(secret);
    // What `--json` prints: scripts read it.
    for (const one of findings)
      expect(Object.keys(one).toSorted()).toEqual([
        'check',
        'clients',
        'fix',
        'level',
        'message',
        'upstream',
      ]);
  },
);

it.each(rows.map((row) => [row.preset, row] as const))(
  'a wrong secret at %s is found, and never shown',
  async (preset, { fields }) => {
    provider = await startProvider(preset);
    const findings = await examine(await configAt(provider, fields, { given: 'not-the-secret' }));
    const found = worst(findings, 'client-authentication');
    expect(found).toMatchObject({ level: 'fail' });
    expect(found?.fix).toContain('client_secret_env_var UPSTREAM_SECRET');
    expect(JSON.stringify(findings)).not.toContain('not-the-secret');
  },
);
