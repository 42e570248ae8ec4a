import { generateKeyPair, exportJWK } from 'jose';
import * as oidc from 'openid-client';
import { expect, test } from 'vitest';
import { newStatementSigner, voucher } from '../client-registration/statements.ts';
import { appAddress } from './memory-oauth.ts';
import { startRealStack } from './stack.ts';

test.each(['ES256', 'PS256', 'Ed25519'])(
  'openid-client proves itself by its key (%s), signs in, refreshes, and is refused with another',
  async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    const { privateKey: another } = await generateKeyPair(alg);
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg }] };
    const stack = await startRealStack({
      config: { clients: [{ client_id: 'prover', redirect_uris: [appAddress], jwks }] },
    });
    try {
      const discovered = (key: CryptoKey): Promise<oidc.Configuration> =>
        oidc.discovery(new URL(stack.issuer), 'prover', {}, oidc.PrivateKeyJwt({ key, kid: 'one' }), {
          execute: [oidc.allowInsecureRequests],
        });
      const config = await discovered(privateKey);
      expect(config.serverMetadata().token_endpoint_auth_methods_supported).toContain('private_key_jwt');
      const verifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: appAddress,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        resource: stack.endpoint,
        scope: 'profile',
        state,
      });
      const back = await stack.signIn(url);
      const tokens = await oidc.authorizationCodeGrant(
        config,
        back,
        { pkceCodeVerifier: verifier, expectedState: state },
        { resource: stack.endpoint },
      );
      const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
      expect(refreshed.access_token).not.toBe(tokens.access_token);
      const thief = oidc.refreshTokenGrant(await discovered(another), refreshed.refresh_token ?? '');
      await expect(thief).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
      await oidc.tokenRevocation(config, refreshed.refresh_token ?? '');
      const revoked = oidc.refreshTokenGrant(config, refreshed.refresh_token ?? '');
      await expect(revoked).rejects.toMatchObject({ error: 'invalid_grant' });
    } finally {
      await stack.close();
    }
  },
);

test('openid-client registers a key of its own, vouched for by an issuer, and signs in by it', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const signer = await newStatementSigner();
  const software_statements = [{ issuer: voucher, jwks: { keys: [signer.jwk] } }];
  const stack = await startRealStack({
    config: { registration: { policy: 'software_statement', software_statements } },
  });
  try {
    const register = (software_statement: string): Promise<oidc.Configuration> =>
      oidc.dynamicClientRegistration(
        new URL(stack.issuer),
        {
          software_statement,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ ...jwk, kid: 'own' }] },
        },
        oidc.PrivateKeyJwt({ key: privateKey, kid: 'own' }),
        { execute: [oidc.allowInsecureRequests] },
      );
    const jwk = await exportJWK(publicKey);
    await expect(register('x')).rejects.toMatchObject({ error: 'invalid_software_statement' });
    const config = await register(await signer.sign({ redirect_uris: [appAddress] }));
    expect(config.clientMetadata()).toMatchObject({ redirect_uris: [appAddress], client_name: 'Acme Notes' });
    const verifier = oidc.randomPKCECodeVerifier();
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: appAddress,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      resource: stack.endpoint,
      scope: 'profile',
    });
    const back = await stack.signIn(url);
    const tokens = await oidc.authorizationCodeGrant(
      config,
      back,
      { pkceCodeVerifier: verifier },
      { resource: stack.endpoint },
    );
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(refreshed.access_token).not.toBe(tokens.access_token);
  } finally {
    await stack.close();
  }
});
