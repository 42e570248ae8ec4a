/** A store with many grants in it, in a process of its own. The argument is `memory`, or the path of a SQLite file. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../src/crypto/hash.ts';
import { randomBytes, randomToken } from '../../src/crypto/random.ts';
import { encodeGrantData } from '../../src/server/grant-data.ts';
import type { AuthStore, ConnectionKey } from '../../src/store/contract.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { bucketOf, subjectOf } from '../../src/upstream/identity.ts';
import { answerParent } from '../process/remote.ts';

const [, , path = 'memory'] = process.argv;
const million = 1_000_000;
const hour = 3_600_000;
let store: AuthStore | undefined;

/** Bytes of what is sealed at a login with a provider of middling talkativeness. */
const sealedSizes = { access: 230, refresh: 80, identity: 220 };

/** Nobody signs in as fast as this: the limits of logins under way would cost more than the logins. */
const caps = { pending: million, pendingPerSource: million };

/** Milliseconds that a login may take here: what remains of it is not what is measured. */
const pendingTtl = 2000;

/** Logins that are under way at the same time: they share the transactions of a database. */
const together = 1000;

interface Amount {
  readonly users: number;
  readonly grantsPerUser: number;
}

async function fill({
  users,
  grantsPerUser,
}: Amount): Promise<{ readonly bucket: string; readonly grantId: string }> {
  const opened = await open();
  let last = { bucket: '', grantId: '' };
  for (let from = 0; from < users; from += together) {
    const some = Array.from(
      { length: Math.min(together, users - from) },
      (_, index) => `account-${from + index}`,
    );
    for (let grant = 0; grant < grantsPerUser; grant += 1) {
      const made = await Promise.all(some.map((account) => signIn(opened, account)));
      last = made.at(-1) ?? last;
    }
  }
  await sleep(pendingTtl);
  // Sweeps.
  await opened.readSession({ ...last, upstream: null });
  return last;
}

/** Login, code, and one rotation: the state in which a grant spends its life. */
async function signIn(opened: AuthStore, account: string): Promise<{ bucket: string; grantId: string }> {
  const userId = subjectOf('demo', account);
  const connection: ConnectionKey = { bucket: bucketOf(userId), userId, upstream: 'demo', account };
  const { bucket } = connection;
  const transaction = randomToken(16);
  const sealed = new Uint8Array(0);
  await opened.putPending({ transaction, sealed, ttl: pendingTtl, source: 'bench' });
  await opened.takePending({ transaction, leg: 0, attempt: transaction });
  const grantId = randomToken(16);
  const client = sha256('client');
  const codeSeed = sha256(randomToken(32));
  const challenge = sha256(randomToken(32));
  const seed = sha256(randomToken(32));
  await opened.commitLogin({
    transaction,
    leg: 0,
    attempt: transaction,
    connection,
    tokens: {
      access: randomBytes(sealedSizes.access),
      refresh: randomBytes(sealedSizes.refresh),
      upstreamClientId: 'sallyport',
      scopes: ['openid', 'profile', 'email'],
    },
    identity: { sealed: randomBytes(sealedSizes.identity), at: Date.now() },
    grant: {
      grantId,
      client,
      codeSeed,
      challenge,
      redirectUri: sha256('redirect'),
      resource: 'https://mcp.example.com/mcp',
      codeTtl: hour,
      sessionTtl: 2160 * hour,
      data: encodeGrantData({
        scopes: ['openid', 'profile', 'email'],
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
  const key = { bucket, grantId, client, resource: null, refreshTtl: 168 * hour };
  await opened.redeemCode({
    ...key,
    codeSeed,
    challenge,
    redirectUri: null,
    newSeed: seed,
    attempt: randomToken(12),
  });
  const token = { ...key, seed, generation: 1, grace: 60_000, identityMaxAge: null, heedStepUp: false };
  const rotated = await opened.rotateRefresh({ ...token, attempt: randomToken(12) });
  if (rotated.r !== 'ok') throw new Error(`the fresh grant does not rotate: ${rotated.r}`);
  return { bucket, grantId };
}

async function open(): Promise<AuthStore> {
  store ??= path === 'memory' ? createMemoryStore({ caps }) : await openSqliteStore({ path, caps });
  return store;
}

answerParent({
  start: () => null,
  fill,
  /** Milliseconds from nothing to the first answer. */
  firstAnswer: async (key: { bucket: string; grantId: string }) => {
    const began = performance.now();
    const session = await (await open()).readSession({ ...key, upstream: null });
    if (!session) throw new Error('the grant is not there');
    return performance.now() - began;
  },
  close: async () => {
    await store?.close();
    return null;
  },
});
