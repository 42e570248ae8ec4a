import { sha256 } from '../../src/crypto/hash.ts';
import { randomToken } from '../../src/crypto/random.ts';
import { openKeyRings } from '../../src/keys/rings.ts';
import type { TokenCodec } from '../../src/oauth/opaque-token.ts';
import { createTokenCodec } from '../../src/oauth/opaque-token.ts';
import type { AuthServer } from '../../src/server/auth-server.ts';
import { encodeGrantData } from '../../src/server/grant-data.ts';
import type { AuthStore, ConnectionKey } from '../../src/store/contract.ts';
import { bucketOf, subjectOf } from '../../src/upstream/identity.ts';
import { challenge, redirectUri } from './form.ts';

/** Makes logins as the callback would, without a browser and a provider: their cost is not what is measured. */
export interface SignIns {
  /** A code for a new user. */
  readonly code: (clientId: string, scopes: readonly string[]) => Promise<string>;
  /** A refresh token of the first generation for a new user. */
  readonly refreshToken: (clientId: string, scopes: readonly string[]) => Promise<string>;
}

const hour = 3_600_000;

export async function createSignIns(auth: AuthServer, store: AuthStore): Promise<SignIns> {
  const { rings } = await openKeyRings({ hmacSecrets: auth.config.hmacSecrets, store });
  const codec = createTokenCodec(rings.token);
  let users = 0;
  const code = async (clientId: string, scopes: readonly string[]): Promise<string> => {
    users += 1;
    return commitLogin(
      { auth, store, codec },
      { clientId, scopes, account: `account-${users}-${randomToken(6)}` },
    );
  };
  const refreshToken = async (clientId: string, scopes: readonly string[]): Promise<string> => {
    const opened = codec.open('code', await code(clientId, scopes));
    if (!opened) throw new Error('a code of ours does not open');
    const { bucket, grantId } = opened;
    const seed = randomToken(32);
    const redeemed = await store.redeemCode({
      bucket,
      grantId,
      codeSeed: sha256(opened.seed),
      client: sha256(clientId),
      challenge,
      redirectUri: null,
      resource: null,
      newSeed: sha256(seed),
      refreshTtl: 168 * hour,
      attempt: randomToken(12),
    });
    if (redeemed.r !== 'ok') throw new Error(`a code of ours does not redeem: ${redeemed.r}`);
    return codec.issue('refresh', { bucket, grantId, generation: 1, seed });
  };
  return { code, refreshToken };
}

interface Parts {
  readonly auth: AuthServer;
  readonly store: AuthStore;
  readonly codec: TokenCodec;
}

async function commitLogin(
  { auth, store, codec }: Parts,
  { clientId, scopes, account }: { clientId: string; scopes: readonly string[]; account: string },
): Promise<string> {
  const userId = subjectOf('demo', account);
  const bucket = bucketOf(userId);
  const connection: ConnectionKey = { bucket, userId, upstream: 'demo', account };
  const transaction = randomToken(16);
  const sealed = new Uint8Array(0);
  await store.putPending({ transaction, sealed, ttl: hour, source: transaction });
  await store.takePending({ transaction, leg: 0, attempt: transaction });
  const grantId = randomToken(16);
  const seed = randomToken(32);
  const [resource = ''] = auth.config.resources;
  await store.commitLogin({
    transaction,
    leg: 0,
    attempt: transaction,
    connection,
    tokens: auth.vault.sealTokens(connection, upstreamTokens(account)),
    identity: auth.vault.sealIdentity(connection, identityOf(account), Date.now()),
    grant: {
      grantId,
      client: sha256(clientId),
      codeSeed: sha256(seed),
      challenge,
      redirectUri: sha256(redirectUri),
      resource,
      codeTtl: hour,
      sessionTtl: 2160 * hour,
      data: encodeGrantData({
        scopes,
        nonce: null,
        authTime: Math.floor(Date.now() / 1000),
        clientName: 'Bench',
        refused: [],
        trace: 'CW',
        proven: false,
        softwareId: null,
        voucher: null,
      }),
    },
  });
  return codec.issue('code', { bucket, grantId, generation: 0, seed });
}

function upstreamTokens(account: string): Parameters<AuthServer['vault']['sealTokens']>[1] {
  const tokens = {
    accessToken: `upstream-access-token-of-${account}-${'x'.repeat(40)}`,
    refreshToken: `upstream-refresh-token-of-${account}`,
    idToken: null,
    expiresAt: Date.now() + 24 * hour,
    scopes: ['openid', 'profile', 'email'],
  };
  return { tokens, upstreamClientId: 'sallyport', accountName: account };
}

function identityOf(account: string): Parameters<AuthServer['vault']['sealIdentity']>[1] {
  return {
    upstream: 'demo',
    subject: account,
    name: `User ${account}`,
    email: `${account}@example.com`,
    emailVerified: true,
    synthetic: false,
    claims: { sub: account },
  };
}
