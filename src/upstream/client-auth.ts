import { X509Certificate, createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import type { UpstreamAuthMethod, UpstreamConfig } from '../config/config.ts';
import type { ClientKey } from '../config/upstream-settings.ts';
import { parseSigningKey } from '../crypto/signing-key.ts';
import type { SigningAlg } from '../crypto/signing-key.ts';
import { SallyportError } from '../types/error.ts';

/**
 * How we prove to an upstream who we are (RFC 6749 §2.3, RFC 7523 §2.2).
 * Throws `config_invalid` for a method without its secret or key, `key_invalid` for a key that cannot be used.
 */
export function clientAuth(config: UpstreamConfig, method: UpstreamAuthMethod): oauth.ClientAuth {
  if (method === 'none') return oauth.None();
  if (method === 'private_key_jwt') {
    const key = config.settings.clientKey;
    if (!key) throw missing(config, `${method} needs a client key; give one`);
    return assertionAuth(key, config);
  }
  const secret = config.clientSecret;
  if (secret === null || secret.reveal() === '')
    throw missing(config, `${method} needs a client secret; give one, or use "none"`);
  return secretAuth(method, () => secret.reveal());
}

function secretAuth(
  method: 'client_secret_basic' | 'client_secret_post',
  secret: () => string,
): oauth.ClientAuth {
  if (method === 'client_secret_post') return (...call) => oauth.ClientSecretPost(secret())(...call);
  return (_as, client, _body, headers) => {
    headers.set('authorization', basicCredentials(client.client_id, secret()));
  };
}

/**
 * RFC 6749 §2.3.1 wants both parts form-encoded. The WHATWG encoding leaves `-`, `.` and `_` alone, so that servers
 * which do not decode still recognise most ids; oauth4webapi's own would escape them.
 */
export function basicCredentials(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')}`;
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** WebCrypto's names for how our kinds of keys sign. */
const algorithms: Readonly<Record<SigningAlg, { name: string; hash?: string; namedCurve?: string }>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
};

/** An assertion of one minute with a `jti` of its own for every request, made by the library. */
function assertionAuth(clientKey: ClientKey, config: UpstreamConfig): oauth.ClientAuth {
  const { pem, origin } = clientKey.pem;
  const { kid, alg, privateKey } = parseSigningKey(pem.reveal(), origin);
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const imported = crypto.subtle.importKey('pkcs8', der, algorithms[alg], false, ['sign']);
  const certificate = clientKey.certificate === null ? null : thumbprintOf(clientKey.certificate, config);
  return async (server, ...rest) => {
    const adapt: oauth.ModifyAssertionFunction = (header, payload) => {
      // The library writes the newer name of RFC 9864, which few servers know yet.
      header['alg'] = alg;
      if (certificate !== null) header['x5t#S256'] = certificate;
      if (clientKey.audience === 'token_endpoint') payload['aud'] = server.token_endpoint ?? server.issuer;
    };
    const signer = oauth.PrivateKeyJwt(
      { key: await imported, kid: clientKey.keyId ?? kid },
      { [oauth.modifyAssertion]: adapt },
    );
    await signer(server, ...rest);
  };
}

/** RFC 7515 §4.1.8: SHA-256 over the DER of the first certificate. */
function thumbprintOf(pem: string, config: UpstreamConfig): string {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
  } catch (cause) {
    throw missing(config, 'the certificate of the client key cannot be read', cause);
  }
}

function missing(config: UpstreamConfig, problem: string, cause?: unknown): SallyportError {
  return new SallyportError('config_invalid', `upstream ${config.name}: ${problem}`, { cause });
}
