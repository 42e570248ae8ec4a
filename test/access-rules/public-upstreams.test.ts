import { describe, expect, test } from 'vitest';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { admitsAnyone } from '../../src/upstream/public-upstreams.ts';
import { oauth2Config, oidcConfig } from '../fixtures/upstream.ts';

describe('upstreams where anybody can have an account', () => {
  test.each([
    ['https://accounts.google.com', 'Google'],
    ['https://gitlab.com', 'GitLab'],
    ['https://www.linkedin.com/oauth', 'LinkedIn'],
    ['https://ACCOUNTS.google.com./', 'Google'],
    ['https://login.microsoftonline.com/common/v2.0', 'multi-tenant'],
    ['https://login.microsoftonline.com/Organizations/v2.0', 'multi-tenant'],
    ['https://login.microsoftonline.com/consumers/v2.0', 'multi-tenant'],
    ['https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0', 'multi-tenant'],
  ])('%s is one', (issuer, word) => {
    expect(admitsAnyone(oidcConfig(issuer))).toContain(word);
  });

  test('GitHub is one', () => {
    expect(admitsAnyone(oauth2Config('https://github.com/login/oauth'))).toContain('GitHub');
  });

  test('a multi-tenant one is none where the tenants are chosen', () => {
    const at = (tenants: readonly string[] | null): string | null =>
      admitsAnyone({
        ...oidcConfig('https://login.microsoftonline.com/organizations/v2.0'),
        settings: {
          ...standardSettings,
          profile: 'entra',
          issuerRule: {
            kind: 'tenant',
            template: 'https://login.microsoftonline.com/{tenantid}/v2.0',
            tenants,
          },
        },
      });
    expect(at(null)).toContain('multi-tenant');
    expect(at(['72f988bf-86f1-41af-91ab-2d7cd011db47'])).toBeNull();
  });

  test.each([
    'https://corp.okta.com',
    'https://tenant.eu.auth0.com/',
    'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    'https://keycloak.corp.example/realms/common',
    'https://notgithub.com',
    'https://github.com.corp.example',
    'http://localhost:8081',
    'not a URL',
  ])('%s is not known to be one', (issuer) => {
    expect(admitsAnyone(oidcConfig(issuer))).toBeNull();
  });
});
