import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedRecords } from '../../src/store/packed-records.ts';
import type { ConnectionRecord, GrantRecord, UserRecord } from '../../src/store/records.ts';

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const id = fc
  .uint8Array({ minLength: 12, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
/** As production has it, and whatever else could come: other alphabets, long texts, base64url that is not canonical. */
const text = fc.oneof(
  hash,
  id,
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom('', 'A'.repeat(43), 'B'.repeat(43), 'B'.repeat(22), '-'.repeat(16), 'é'.repeat(43)),
);
const sealed = fc.uint8Array({ maxLength: 5000 }).map((bytes) => new Uint8Array(bytes));
const moment = fc.nat({ max: 2 ** 45 });
const count = fc.nat({ max: 0xffff_ffff });
const names = { bucket: fc.stringMatching(/^[0-9a-f]{3}$/u), userId: text };

const everyReason: readonly GrantRecord['revokedBecause'][] = [
  '',
  'revoked_by_client',
  'code_replayed',
  'refresh_token_replayed',
  'access_tokens_revoked',
  'access_denied',
  'upstream_ended',
  'upstream_silent',
  'user_revoked',
  'revoked_by_operator',
];

const grants: fc.Arbitrary<GrantRecord> = fc.record({
  ...names,
  grantId: hash,
  upstream: text,
  account: text,
  client: text,
  codeSeed: text,
  challenge: text,
  redirectUri: text,
  resource: text,
  data: text,
  createdAt: moment,
  endsAt: moment,
  state: fc.constantFrom('code', 'active', 'revoked'),
  seed: text,
  generation: count,
  redeemedAt: moment,
  redeemedBy: text,
  rotations: fc.array(moment, { maxLength: 4 }),
  rotatedBy: text,
  expiresAt: moment,
  revokedTokens: fc.array(text, { maxLength: 16 }),
  revokedBecause: fc.constantFrom(...everyReason),
});

const users: fc.Arbitrary<UserRecord> = fc.record({ ...names, identity: sealed, identityAt: moment });

const connections: fc.Arbitrary<ConnectionRecord> = fc.record({
  ...names,
  upstream: text,
  account: text,
  access: sealed,
  refresh: fc.option(sealed),
  upstreamClientId: text,
  scopes: fc.array(text, { maxLength: 20 }),
  version: count,
  state: fc.constantFrom('alive', 'dead'),
  backoffUntil: moment,
  leaseOwner: text,
  leaseUntil: moment,
  fence: count,
  connectedAt: moment,
  refreshedAt: moment,
});

describe('a packed record', () => {
  it('opens as what was packed: grants, users and connections in any order', () => {
    const records = new PackedRecords();
    fc.assert(
      fc.property(grants, users, connections, (grant, user, connection) => {
        const packed = [
          records.packGrant(grant),
          records.packUser(user),
          records.packConnection(connection),
        ] as const;
        expect(records.openGrant(grant, packed[0])).toEqual(grant);
        const { identity, ...rest } = records.openUser(user, packed[1]);
        expect({ ...rest, identity: new Uint8Array(identity) }).toEqual(user);
        const { access, refresh, ...others } = records.openConnection(connection, packed[2]);
        const bytes = { access: new Uint8Array(access), refresh: refresh && new Uint8Array(refresh) };
        expect({ ...others, ...bytes }).toEqual(connection);
      }),
    );
  });

  it('takes over what never changes, and nothing else', () => {
    const records = new PackedRecords();
    fc.assert(
      fc.property(grants, grants, (first, second) => {
        const { state, seed, generation, redeemedAt, redeemedBy } = second;
        const { rotations, rotatedBy, expiresAt, revokedTokens, revokedBecause } = second;
        const changes = { state, seed, generation, redeemedAt, redeemedBy, rotations, rotatedBy };
        const next = { ...first, ...changes, expiresAt, revokedTokens, revokedBecause };
        const packed = records.packGrant(next, records.packGrant(first));
        expect(packed).toBe(records.packGrant(next));
        expect(records.openGrant(first, packed)).toEqual(next);
      }),
    );
  });

  it.each([-1, 2 ** 32, 2 ** 53, 1.5, Number.NaN])(
    'holds no count of %d, rather than another one',
    (wrong) => {
      const records = new PackedRecords();
      fc.assert(
        fc.property(grants, connections, (grant, connection) => {
          expect(() => records.packGrant({ ...grant, generation: wrong })).toThrow(RangeError);
          expect(() => records.packConnection({ ...connection, fence: wrong })).toThrow(RangeError);
          expect(records.openGrant(grant, records.packGrant(grant))).toEqual(grant);
        }),
        { numRuns: 5 },
      );
    },
  );

  it('knows every reason by its own number', () => {
    const records = new PackedRecords();
    const [grant] = fc.sample(grants, 1);
    if (!grant) throw new Error('no sample');
    for (const revokedBecause of everyReason) {
      const packed = records.packGrant({ ...grant, revokedBecause });
      expect(records.openGrant(grant, packed).revokedBecause).toBe(revokedBecause);
    }
  });

  it('is whole although the one before could not be packed', () => {
    const records = new PackedRecords();
    fc.assert(
      fc.property(grants, (grant) => {
        expect(() => records.packGrant({ ...grant, expiresAt: -1 })).toThrow(RangeError);
        expect(records.openGrant(grant, records.packGrant(grant))).toEqual(grant);
      }),
      { numRuns: 20 },
    );
  });

  it('takes a fraction of the room: a grant of production fits into 400 bytes', () => {
    const records = new PackedRecords();
    const [one = ''] = fc.sample(hash, 1);
    const packed = records.packGrant({
      bucket: 'abc',
      grantId: 'id',
      userId: one,
      upstream: 'default',
      account: '00u1abcdEFGH12345678',
      client: one,
      codeSeed: one,
      challenge: one,
      redirectUri: one,
      resource: 'https://mcp.example.com/mcp',
      data: '["openid profile",null,1795000000,"Claude"]',
      createdAt: 1_795_000_000_000,
      endsAt: 1_795_000_000_000,
      state: 'active',
      seed: one,
      generation: 70_000,
      redeemedAt: 1_795_000_000_000,
      redeemedBy: 'A'.repeat(16),
      rotations: [1, 2, 3, 4],
      rotatedBy: 'A'.repeat(16),
      expiresAt: 1_795_000_000_000,
      revokedTokens: [],
      revokedBecause: '',
    });
    expect(packed.length).toBeLessThan(400);
  });
});
