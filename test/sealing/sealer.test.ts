import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/seal.ts';
import type { Sealer } from '../../src/crypto/seal.ts';
import { SallyportError } from '../../src/types/error.ts';

const oldKey = randomBytes(32);
const newKey = randomBytes(32);
const sealer = createSealer([newKey]);

function refusal(from: Sealer, sealed: Uint8Array, context: string): SallyportError {
  try {
    from.open(sealed, context);
  } catch (error) {
    if (error instanceof SallyportError) return error;
    throw error;
  }
  throw new Error('it opened');
}

describe('sealed data', () => {
  it('open again as what they were', () => {
    expect(sealer.open(sealer.seal('Zoë 🗝', 'row 1'), 'row 1').toString()).toBe('Zoë 🗝');
  });

  it('open again whatever they and their context are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.string({ unit: 'grapheme' }), (plain, context) => {
        expect(sealer.open(sealer.seal(plain, context), context)).toEqual(Buffer.from(plain));
      }),
      { numRuns: 300 },
    );
  });

  it('may be empty', () => {
    expect(sealer.open(sealer.seal('', 'row 1'), 'row 1')).toHaveLength(0);
  });

  it('open from a view into a larger buffer, as a database hands it out', () => {
    const sealed = sealer.seal('secret', 'row 1');
    const page = new Uint8Array(sealed.length + 20).fill(7);
    page.set(sealed, 9);
    expect(sealer.open(page.subarray(9, 9 + sealed.length), 'row 1').toString()).toBe('secret');
  });

  it('show neither their content nor two equal contents', () => {
    const [first, second] = [sealer.seal('secret text', 'row 1'), sealer.seal('secret text', 'row 1')];
    expect(Buffer.from(first).includes('secret text')).toBe(false);
    expect(first).not.toEqual(second);
  });

  it('never use a nonce twice', () => {
    const nonces = Array.from({ length: 5000 }, () =>
      Buffer.from(sealer.seal('x', 'row 1')).subarray(5, 17).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(5000);
  });

  it('cost 33 bytes more than their content', () => {
    expect(sealer.seal(new Uint8Array(100), 'row 1')).toHaveLength(133);
  });
});

describe('sealed data do not open', () => {
  const sealed = sealer.seal('the secret', 'vault:user-1');

  it.each(['', 'vault:user-2', 'vault:user-1 ', 'VAULT:user-1', 'vault:user-'])(
    'in the context "%s"',
    (context) => {
      expect(refusal(sealer, sealed, context).code).toBe('seal_broken');
    },
  );

  it('with any one bit changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(sealer, changed, 'vault:user-1').code).toBe('seal_broken');
    }
  });

  it('when they are cut, at either end and anywhere', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(refusal(sealer, sealed.subarray(0, length), 'vault:user-1').code).toBe('seal_broken');
      expect(refusal(sealer, sealed.subarray(sealed.length - length), 'vault:user-1').code).toBe(
        'seal_broken',
      );
    }
  });

  it('when something is added', () => {
    expect(refusal(sealer, Buffer.concat([sealed, Buffer.of(0)]), 'vault:user-1').code).toBe('seal_broken');
  });

  it('when they are something else altogether', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(sealer, bytes, 'vault:user-1').code).toBe('seal_broken');
      }),
      { numRuns: 500 },
    );
  });

  it('when context and content trade places', () => {
    // "ab" + "c" and "a" + "bc" must be two things.
    expect(refusal(sealer, sealer.seal('c', 'ab'), 'a').code).toBe('seal_broken');
  });

  it('and the error shows neither key nor content', () => {
    const printed = inspect(refusal(sealer, sealed, 'elsewhere'), { depth: 9 });
    for (const secret of ['the secret', newKey.toString('hex'), newKey.toString('base64')]) {
      expect(printed).not.toContain(secret);
    }
  });
});

describe('when keys rotate', () => {
  const before = createSealer([oldKey]);
  const during = createSealer([newKey, oldKey]);
  const after = createSealer([newKey]);

  it('what an old key sealed opens as long as that key is kept', () => {
    const sealed = before.seal('kept', 'row');
    expect(during.open(sealed, 'row').toString()).toBe('kept');
    expect(refusal(after, sealed, 'row').code).toBe('seal_broken');
  });

  it('the first key seals', () => {
    const sealed = during.seal('new', 'row');
    expect(after.open(sealed, 'row').toString()).toBe('new');
    expect(refusal(before, sealed, 'row').code).toBe('seal_broken');
  });

  it('an id of one key on data of another opens nothing', () => {
    const [old, fresh] = [before.seal('old', 'row'), after.seal('new', 'row')];
    const swapped = Buffer.concat([old.subarray(0, 1), fresh.subarray(1, 5), old.subarray(5)]);
    expect(refusal(during, swapped, 'row').code).toBe('seal_broken');
  });
});

describe('a sealer', () => {
  it('is not made without a key', () => {
    expect(() => createSealer([])).toThrow(TypeError);
  });

  it.each([0, 16, 24, 31, 33])('is not usable with a key of %i bytes', (length) => {
    expect(() => createSealer([new Uint8Array(length)]).seal('x', 'row')).toThrow(/key/iu);
  });

  it('does not follow a key buffer that is wiped or reused afterwards', () => {
    const bytes = Buffer.from(newKey);
    const other = createSealer([bytes]);
    bytes.fill(0);
    expect(sealer.open(other.seal('x', 'row'), 'row').toString()).toBe('x');
  });

  it('prints no key', () => {
    expect(inspect(sealer, { depth: 9, showHidden: true })).not.toContain(newKey.toString('hex').slice(0, 8));
  });
});
