import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openWrappedRing } from '../../src/keys/wrapped-ring.ts';
import { SallyportError } from '../../src/types/error.ts';
import { ringStore } from '../key-rings/ring-store.ts';
import { fuzzAsync } from './cases.ts';
import { around, damaged } from './texts.ts';

const [a, b] = [randomBytes(32), randomBytes(32)];

async function written(
  name: string,
  secrets: readonly Uint8Array[],
): Promise<{ text: string; secret: Uint8Array }> {
  const store = ringStore();
  const secret = await openWrappedRing(store, name, { secrets, clock: Date.now, grace: 0 });
  return { text: Buffer.from(store.rows.get(name)?.value ?? []).toString(), secret };
}

const rings = [await written('vault', [a]), await written('vault', [a, b]), await written('clients', [a])];
const ring = fc.constantFrom(...rings.map(({ text }) => text));
const secrets = rings.map(({ secret }) => Buffer.from(secret).toString('hex'));

/** The secret of a ring as a store might hold it; `null` when it is refused with a word about what to do. */
async function open(text: string, keys: readonly Uint8Array[] = [a]): Promise<Uint8Array | null> {
  const store = ringStore();
  store.rows.set('vault', { value: Buffer.from(text), version: 1 });
  try {
    return await openWrappedRing(store, 'vault', { secrets: keys, clock: Date.now, grace: 1000 });
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'key_ring_locked') throw error;
    expect(error.message).toContain('vault');
    // What cannot be opened is never overwritten: a restored secret file must still find it.
    expect(store.writes).toBe(0);
    return null;
  }
}

describe('a stored key ring', () => {
  it('opens as the secret that was put into it, or not at all', async () => {
    await fuzzAsync(
      fc.oneof(damaged(ring), around(ring)),
      async (text) => {
        const secret = await open(text);
        if (secret) expect(secrets.slice(0, 2)).toContain(Buffer.from(secret).toString('hex'));
      },
      0.7,
    );
  });

  it('of any content is refused, and left as it is', async () => {
    const content = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
      fc.array(fc.base64String({ maxLength: 100 })).map((list) => JSON.stringify(list)),
    );
    await fuzzAsync(content, async (text) => expect(await open(text)).toBeNull(), 0.2);
  });

  it('of another name or another secret does not open', async () => {
    const [, , clients] = rings;
    expect(await open(clients?.text ?? '')).toBeNull();
    await fuzzAsync(ring, async (text) => expect(await open(text, [randomBytes(32)])).toBeNull(), 0.1);
  });
});
