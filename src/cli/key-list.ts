import { statSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { sha256 } from '../crypto/hash.ts';
import { parseSigningKey } from '../crypto/signing-key.ts';
import type { KeyPlan, Turn } from '../keys/key-history.ts';
import { planKeys } from '../keys/key-history.ts';
import { secretName } from '../keys/rings.ts';
import { openStore } from '../store/open-store.ts';
import type { Given } from './command.ts';
import { noWords } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { loadConfigured } from './configured.ts';
import { plainJson, renderMoment, renderTable } from './table.ts';

/** A key or secret, and what it does; the names are those of `--json`. */
interface ListedKey {
  readonly kind: 'signing key' | 'HMAC secret';
  /** `kid`, or what tells secrets apart without telling them. */
  readonly id: string;
  readonly alg: string;
  readonly role: 'signs' | 'verifies';
  /** When it will sign, where that is in the future. */
  readonly signs_from?: string;
  readonly origin: string;
}

/** `sallyport keys list`. @returns the exit code */
export async function listKeys(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const keys = await keysOf(await loadConfigured(given, io), io);
  if (given.options['json'] === true) {
    io.stdout(plainJson(keys));
    return 0;
  }
  if (keys.length === 0) {
    io.stdout('no keys yet: the gateway makes them when it starts\n');
    return 0;
  }
  const rows = keys.map(({ kind, id, alg, role, signs_from: from, origin }) => {
    const does = from === undefined ? role : `${role}, signs from ${renderMoment(Date.parse(from))}`;
    return [kind, id, alg, does, origin];
  });
  io.stdout(renderTable([['KIND', 'ID', 'ALG', 'ROLE', 'FILE'], ...rows]));
  return 0;
}

async function keysOf(config: Config, io: CommandIo): Promise<readonly ListedKey[]> {
  const { signingKeys, hmacSecrets } = config;
  const pems = signingKeys ? [signingKeys.signing, ...signingKeys.fallbacks] : [];
  const parsed = pems.map(({ pem, origin }) => {
    const { kid, alg } = parseSigningKey(pem.reveal(), origin);
    return { kid, alg, origin };
  });
  const { signing, hmac } = await turnsOf(config, { kids: parsed.map(({ kid }) => kid), clock: io.clock });
  return [
    ...parsed.map(({ kid, alg, origin }, index) =>
      withRole({ kind: 'signing key', id: kid, alg, origin }, { index, turn: signing }),
    ),
    ...hmacSecrets.map((secret, index) => {
      const id = sha256(secret.reveal()).slice(0, 16);
      return withRole(
        { kind: 'HMAC secret', id, alg: 'HMAC', origin: `number ${index + 1}` },
        { index, turn: hmac },
      );
    }),
  ];
}

/** The first of the configuration is the one that signs when its time has come. */
function withRole(
  { kind, id, alg, origin }: Omit<ListedKey, 'role' | 'signs_from'>,
  { index, turn: { signs, next } }: { readonly index: number; readonly turn: Turn },
): ListedKey {
  if (index === signs) return { kind, id, alg, role: 'signs', origin };
  if (index > 0 || next === null) return { kind, id, alg, role: 'verifies', origin };
  return { kind, id, alg, role: 'verifies', signs_from: new Date(next).toISOString(), origin };
}

/** What the gateways agreed on in their store; only looked at. Without a store that is there, the first ones sign. */
async function turnsOf(
  { storage, hmacSecrets, keyActivationDelay: delay, lifespans }: Config,
  { kids, clock }: { readonly kids: readonly string[] } & Pick<CommandIo, 'clock'>,
): Promise<Pick<KeyPlan, 'signing' | 'hmac'>> {
  const first: Turn = { signs: 0, next: null };
  const path = storage?.type === 'sqlite' ? storage.path : null;
  if (path === null || !statSync(path, { throwIfNoEntry: false })?.isFile())
    return { signing: first, hmac: first };
  const store = await openStore({ type: 'sqlite', path });
  try {
    const looking = {
      loadKeyRing: (name: string) => store.loadKeyRing(name),
      saveKeyRing: () => Promise.resolve('ok' as const),
    };
    const configured = { signing: kids, hmac: hmacSecrets.map(secretName) };
    return await planKeys(configured, { store: looking, clock, delay, tokenLife: lifespans.accessToken });
  } finally {
    await store.close();
  }
}
