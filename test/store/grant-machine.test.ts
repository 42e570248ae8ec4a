import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RedeemCode, RotateRefresh } from '../../src/store/contract.ts';
import { decideRedeem, decideRotate, redeemed, rotated } from '../../src/store/grant-machine.ts';
import type { GrantRecord } from '../../src/store/records.ts';
import { codeOf, refreshOf } from './backends.ts';

const start = 1_000_000;

const grantOf = (change: Partial<GrantRecord> = {}): GrantRecord => ({
  bucket: 'abc',
  grantId: 'g',
  userId: 'user-1',
  upstream: 'idp',
  account: 'user-1',
  client: 'client',
  codeSeed: 'code-seed',
  challenge: 'challenge',
  redirectUri: 'redirect',
  resource: 'https://r.example/mcp',
  data: '{}',
  createdAt: start,
  endsAt: start + 50_000,
  state: 'code',
  seed: '',
  generation: 0,
  redeemedAt: 0,
  redeemedBy: '',
  rotations: [],
  rotatedBy: '',
  expiresAt: start + 1000,
  revokedTokens: [],
  revokedBecause: '',
  ...change,
});

const time = fc.integer({ min: start, max: start + 60_000 });

/** Any grant that could be on record. */
const anyGrant: fc.Arbitrary<GrantRecord> = fc
  .record({
    state: fc.constantFrom('code', 'active', 'revoked'),
    generation: fc.integer({ min: 1, max: 12 }),
    redeemedAt: time,
    expiresAt: time,
    rotations: fc.array(time, { maxLength: 4 }).map((times) => times.toSorted((a, b) => a - b)),
  })
  .map((change) =>
    grantOf(
      change.state === 'code'
        ? { expiresAt: change.expiresAt }
        : { ...change, seed: 'seed', redeemedBy: 'first', rotatedBy: 'last' },
    ),
  );

describe('the state machine of a grant', () => {
  it('answers any wrong binding of a code with a mismatch, whatever the state and the time', () => {
    const wrong: fc.Arbitrary<Partial<RedeemCode>> = fc.constantFrom(
      { client: 'other' },
      { challenge: 'other' },
      { redirectUri: 'other' },
      { resource: 'https://other.example' },
      { codeSeed: 'other' },
    );
    fc.assert(
      fc.property(anyGrant, wrong, time, (grant, change, now) => {
        expect(decideRedeem(grant, codeOf('g', change), now).r).toBe('mismatch');
      }),
    );
  });

  it('ends no grant over a refresh token of another client, seed or resource', () => {
    const wrong: fc.Arbitrary<Partial<RotateRefresh>> = fc.constantFrom(
      { client: 'other' },
      { seed: 'other' },
      { resource: 'https://other.example' },
    );
    fc.assert(
      fc.property(
        anyGrant,
        wrong,
        fc.integer({ min: 0, max: 14 }),
        time,
        (grant, change, generation, now) => {
          const { r } = decideRotate(grant, refreshOf('g', generation, change), now);
          expect(['mismatch', 'revoked', 'expired']).toContain(r);
        },
      ),
    );
  });

  it('never leaves the revoked state', () => {
    fc.assert(
      fc.property(anyGrant, fc.integer({ min: 0, max: 14 }), time, (grant, generation, now) => {
        const dead: GrantRecord = { ...grant, state: 'revoked', seed: 'seed' };
        expect(decideRedeem(dead, codeOf('g'), now)).toEqual({ r: 'revoked' });
        expect(decideRotate(dead, refreshOf('g', generation), now)).toEqual({ r: 'revoked' });
      }),
    );
  });

  it('gives nothing for a grant whose time is over', () => {
    fc.assert(
      fc.property(anyGrant, fc.integer({ min: 0, max: 14 }), fc.nat(1e6), (grant, generation, late) => {
        const now = grant.expiresAt + late;
        expect(['expired', 'revoked']).toContain(decideRedeem(grant, codeOf('g'), now).r);
        const { r } = decideRotate(grant, refreshOf('g', generation), now);
        expect(['expired', 'revoked', 'mismatch']).toContain(r);
      }),
    );
  });

  it('counts up by what the token says, keeps four times, and outlives no session', () => {
    fc.assert(
      fc.property(anyGrant, fc.constantFrom(0, 1), time, fc.nat(1e6), (grant, ahead, now, refreshTtl) => {
        const token = refreshOf('g', grant.generation + ahead, { refreshTtl });
        const next = rotated(grant, token, now);
        expect(next.generation).toBe(token.generation + 1);
        expect(next.rotations.length).toBeLessThanOrEqual(4);
        expect(next.rotations.at(-1)).toBe(now);
        expect(next.expiresAt).toBeLessThanOrEqual(grant.endsAt);
        expect(next.expiresAt).toBeLessThanOrEqual(now + refreshTtl);
      }),
    );
  });

  it('needs a refresh token no longer lived than the session, from the first one on', () => {
    const next = redeemed(grantOf(), codeOf('g', { refreshTtl: 90_000 }), start);
    expect(next).toMatchObject({ state: 'active', generation: 1, seed: 'seed', expiresAt: start + 50_000 });
  });
});

/** What a client or a thief may do next. */
type Move =
  | { readonly kind: 'wait'; readonly span: number }
  | { readonly kind: 'refresh'; readonly behind: number }
  | { readonly kind: 'redeem' };

const anyMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), span: fc.integer({ min: 1, max: 90 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('refresh'), behind: fc.integer({ min: -2, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('redeem') }) },
);

/** The rules of refresh in the words of the design: every generation with the moment at which it was superseded. */
class Model {
  readonly superseded = new Map<number, number>();
  generation = 1;
  revoked = false;

  /** What a token of this generation gets. */
  refresh(generation: number, now: number, grace: number): string {
    if (this.revoked) return 'revoked';
    const behind = this.generation - generation;
    if (behind < -1) return 'mismatch';
    if (behind <= 0) {
      for (let old = this.generation; old <= generation; old += 1) this.superseded.set(old, now);
      this.generation = generation + 1;
      return behind === 0 ? 'rotate' : 'advance';
    }
    const at = this.superseded.get(generation);
    if (at !== undefined && behind <= 4 && grace > 0 && now - at <= grace) return 'retry';
    this.revoked = true;
    return 'revoke';
  }
}

/** Plays a course on the machine and on the model: what each said, move by move. */
function play(course: readonly Move[], grace: number): { happened: unknown[]; expected: unknown[] } {
  let now = start;
  let grant = redeemed(grantOf(), codeOf('g', { refreshTtl: 50_000 }), now);
  const model = new Model();
  const happened: unknown[] = [];
  const expected: unknown[] = [];
  for (const move of course) {
    if (move.kind === 'wait') {
      now += move.span;
    } else if (move.kind === 'redeem') {
      // All of it happens within ten seconds: a code that comes again does no harm, nor does it help.
      happened.push(decideRedeem(grant, codeOf('g'), now).r);
      expected.push(model.revoked ? 'revoked' : 'replayed');
    } else {
      const token = refreshOf('g', grant.generation - move.behind, { grace, refreshTtl: 50_000 });
      const { r } = decideRotate(grant, token, now);
      if (r === 'rotate' || r === 'advance') grant = rotated(grant, token, now);
      if (r === 'revoke') grant = { ...grant, state: 'revoked' };
      const told = model.refresh(token.generation, now, grace);
      happened.push({ r, generation: grant.generation });
      expected.push({ r: told, generation: model.generation });
    }
  }
  return { happened, expected };
}

describe('any course of refreshes', () => {
  it('goes as the design says: grace, theft, one ahead, and nothing after the end', () => {
    const moves = fc.array(anyMove, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(moves, fc.integer({ min: 0, max: 120 }), (course, grace) => {
        const { happened, expected } = play(course, grace);
        expect(happened).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same attempt the same answer, however long the reply took to get lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(40_000), (rotations, span) => {
        let grant = redeemed(grantOf(), codeOf('g', { refreshTtl: 50_000 }), start);
        for (let generation = 1; generation <= rotations; generation += 1) {
          const token = refreshOf('g', generation, { grace: 0, refreshTtl: 50_000 });
          grant = rotated(grant, token, start);
          expect(decideRotate(grant, token, start + span).r).toBe('again');
        }
      }),
    );
  });
});
