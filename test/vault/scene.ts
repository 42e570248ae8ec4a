import { randomBytes } from 'node:crypto';
import { createSealer } from '../../src/crypto/seal.ts';
import type { Sealer } from '../../src/crypto/seal.ts';
import { silentAuditor } from '../../src/observe/audit/auditor.ts';
import { silentLog } from '../../src/observe/log.ts';
import type { AuthStore, ConnectionKey, ConnectionRow, SessionView } from '../../src/store/contract.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Identity, UpstreamTokens } from '../../src/types/tokens.ts';
import type { RevocableTokens, UpstreamProvider, UpstreamRefresh } from '../../src/upstream/provider.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { createVault } from '../../src/vault/vault.ts';

const grant = { bucket: '0a1', grantId: randomBytes(16).toString('base64url') };

/** Whose tokens the scene is about. */
export const key: ConnectionKey = {
  bucket: grant.bucket,
  userId: 'user-1',
  upstream: 'corp',
  account: 'alice',
};

export function tokens(changes: Partial<UpstreamTokens> = {}): UpstreamTokens {
  return {
    accessToken: 'access-1',
    refreshToken: 'refresh-1',
    idToken: null,
    expiresAt: 'unknown',
    scopes: ['openid'],
    ...changes,
  };
}

export function identity(changes: Partial<Identity> = {}): Identity {
  return {
    upstream: 'corp',
    subject: 'alice',
    name: 'Alice',
    email: 'alice@example.com',
    emailVerified: true,
    synthetic: false,
    claims: { sub: 'alice' },
    ...changes,
  };
}

/** What the provider does next; tests replace the parts they are about. */
export interface Script {
  refresh: (refreshToken: string) => Promise<UpstreamRefresh>;
  userinfo: (accessToken: string) => Promise<Identity | 'other' | null>;
  revoke: () => Promise<'revoked' | 'impossible'>;
}

/** A vault over a real store and sealer, with a provider that follows a script and a clock that tests move. */
export class Scene {
  now: number = Date.now();
  /** Refresh tokens that reached the provider, in order. */
  readonly spent: string[] = [];
  /** What the provider was told to end, in order. */
  readonly revoked: RevocableTokens[] = [];
  readonly script: Script = {
    refresh: (refreshToken) => {
      const next = Number(refreshToken.split('-')[1]) + 1;
      const fresh = tokens({
        accessToken: `access-${next}`,
        refreshToken: `refresh-${next}`,
        expiresAt: this.now + 3_600_000,
      });
      return Promise.resolve({ tokens: fresh, identity: null, subjectMismatch: false });
    },
    userinfo: () => Promise.resolve(null),
    revoke: () => Promise.resolve('revoked'),
  };
  readonly sealer: Sealer = createSealer([randomBytes(32)]);
  readonly store: AuthStore;
  readonly vault: Vault;

  constructor() {
    this.store = createMemoryStore({ clock: () => this.now });
    this.vault = this.process();
  }

  /** Another process: a vault of its own over the same store. */
  process(store: AuthStore = this.store): Vault {
    const provider = this.#provider();
    return createVault({
      store,
      sealer: this.sealer,
      providers: new Map([[provider.name, provider]]),
      clock: () => this.now,
      log: silentLog,
      audit: silentAuditor,
      idleFor: { corp: 86_400_000 },
    });
  }

  /** Signs somebody in with these tokens. */
  async signIn(given: UpstreamTokens, upstreamClientId = 'sallyport'): Promise<ConnectionRow> {
    const transaction = randomBytes(16).toString('base64url');
    const sealed = new Uint8Array(1);
    await this.store.putPending({ transaction, sealed, ttl: 60_000, source: 'here' });
    await this.store.takePending({ transaction, leg: 0, attempt: 'a' });
    const committed = await this.store.commitLogin({
      transaction,
      leg: 0,
      attempt: 'a',
      connection: key,
      tokens: this.vault.sealTokens(key, { tokens: given, upstreamClientId, accountName: null }),
      identity: this.vault.sealIdentity(key, identity(), this.now),
      grant: {
        grantId: grant.grantId,
        client: 'client',
        codeSeed: 'seed',
        challenge: 'challenge',
        redirectUri: 'redirect',
        resource: 'https://mcp.example.com/mcp',
        codeTtl: 604_800_000,
        sessionTtl: 864_000_000,
        data: '{}',
      },
    });
    if (committed.r !== 'ok') throw new Error(`commit: ${committed.r}`);
    return this.row();
  }

  async session(): Promise<SessionView> {
    const session = await this.store.readSession({ ...grant, upstream: null });
    if (!session) throw new Error('the grant is gone');
    return session;
  }

  async row(): Promise<ConnectionRow> {
    const { connection } = await this.session();
    if (!connection) throw new Error('the connection is gone');
    return connection;
  }

  #provider(): UpstreamProvider {
    const unused = (): never => {
      throw new Error('no sign-in happens here');
    };
    return {
      name: 'corp',
      displayName: 'Corp',
      type: 'oidc',
      knows: (id) => id === 'sallyport',
      clientId: 'sallyport',
      scopes: ['openid'],
      renewable: true,
      notReady: () => null,
      authorizationUrl: unused,
      exchange: unused,
      refresh: ({ refreshToken }) => {
        this.spent.push(refreshToken);
        return this.script.refresh(refreshToken);
      },
      userinfo: ({ accessToken }) => this.script.userinfo(accessToken),
      revoke: (ended) => {
        this.revoked.push(ended);
        return this.script.revoke();
      },
      misconfiguration: () => null,
      close() {},
    };
  }
}
