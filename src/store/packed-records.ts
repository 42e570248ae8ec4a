import type { RevocationReason } from '../observe/audit/event.ts';
import { Packer, Unpacker } from './packing.ts';
import type { ConnectionRecord, GrantRecord, UserRecord } from './records.ts';

const states: readonly GrantRecord['state'][] = ['code', 'active', 'revoked'];

/** Every reason has its number; a record, so that a new one cannot be forgotten here. */
const reasonNumbers: Readonly<Record<RevocationReason | '', number>> = {
  '': 0,
  revoked_by_client: 1,
  code_replayed: 2,
  refresh_token_replayed: 3,
  access_tokens_revoked: 4,
  access_denied: 5,
  upstream_ended: 6,
  upstream_silent: 7,
  user_revoked: 8,
  revoked_by_operator: 9,
  client_unproven: 10,
};

// Its keys are its type's.
const reasons = Object.keys(reasonNumbers) as readonly (RevocationReason | '')[];

/** Records as strings of bytes, and back. A grant takes a third of what it takes as an object. */
export class PackedRecords {
  readonly #packer = new Packer();
  readonly #unpacker = new Unpacker();
  /** Upstreams, resources, our client ids at upstreams: a handful of names of the configuration in every record. */
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /**
   * Without bucket and id, which are its key.
   * @param known the same grant as it was packed before: what never changes is taken from there
   */
  packGrant(grant: GrantRecord, known?: string): string {
    const packer = known === undefined ? this.#packConstants(grant) : this.#packer.resume(known);
    packer.count(states.indexOf(grant.state)).text(grant.seed).count(grant.generation);
    packer.moment(grant.redeemedAt).text(grant.redeemedBy).count(grant.rotations.length);
    for (const rotation of grant.rotations) packer.moment(rotation);
    packer.text(grant.rotatedBy).moment(grant.expiresAt).count(grant.revokedTokens.length);
    for (const tokenId of grant.revokedTokens) packer.text(tokenId);
    return packer.count(reasonNumbers[grant.revokedBecause]).end();
  }

  /** The readonly fields of a grant. */
  #packConstants(grant: GrantRecord): Packer {
    const [upstream, resource] = [this.#number(grant.upstream), this.#number(grant.resource)];
    return this.#packer.begin().prefix((packer) => {
      packer.text(grant.userId).count(upstream).text(grant.account);
      packer.text(grant.client).text(grant.codeSeed).text(grant.challenge).text(grant.redirectUri);
      packer.count(resource).text(grant.data).moment(grant.createdAt).moment(grant.endsAt);
    });
  }

  /** Members are read in the order in which they were written. */
  openGrant({ bucket, grantId }: Pick<GrantRecord, 'bucket' | 'grantId'>, packed: string): GrantRecord {
    const from = this.#unpacker.open(packed).prefix();
    return {
      bucket,
      grantId,
      userId: from.text(),
      upstream: this.#name(from.count()),
      account: from.text(),
      client: from.text(),
      codeSeed: from.text(),
      challenge: from.text(),
      redirectUri: from.text(),
      resource: this.#name(from.count()),
      data: from.text(),
      createdAt: from.moment(),
      endsAt: from.moment(),
      state: states[from.count()] ?? 'revoked',
      seed: from.text(),
      generation: from.count(),
      redeemedAt: from.moment(),
      redeemedBy: from.text(),
      rotations: listOf(from.count(), () => from.moment()),
      rotatedBy: from.text(),
      expiresAt: from.moment(),
      revokedTokens: listOf(from.count(), () => from.text()),
      revokedBecause: reasons[from.count()] ?? '',
    };
  }

  /** Without bucket and user id, which are its key. */
  packUser({ identity, identityAt }: UserRecord): string {
    return this.#packer.begin().bytes(identity).moment(identityAt).end();
  }

  openUser({ bucket, userId }: Pick<UserRecord, 'bucket' | 'userId'>, packed: string): UserRecord {
    const from = this.#unpacker.open(packed);
    return { bucket, userId, identity: from.bytes(), identityAt: from.moment() };
  }

  /** Without bucket and user id, which are its key. */
  packConnection(connection: ConnectionRecord): string {
    const { access, refresh, scopes } = connection;
    const packer = this.#packer.begin().text(connection.upstream).text(connection.account);
    packer
      .count(connection.state === 'dead' ? 1 : 0)
      .bytes(access)
      .count(refresh ? 1 : 0);
    if (refresh) packer.bytes(refresh);
    packer.count(this.#number(connection.upstreamClientId)).count(scopes.length);
    for (const scope of scopes) packer.text(scope);
    packer.count(connection.version);
    packer.moment(connection.backoffUntil).text(connection.leaseOwner).moment(connection.leaseUntil);
    packer.count(connection.fence).moment(connection.connectedAt);
    return packer.moment(connection.refreshedAt).end();
  }

  openConnection(
    { bucket, userId }: Pick<ConnectionRecord, 'bucket' | 'userId'>,
    packed: string,
  ): ConnectionRecord {
    const from = this.#unpacker.open(packed);
    return {
      bucket,
      userId,
      upstream: from.text(),
      account: from.text(),
      state: from.count() === 1 ? 'dead' : 'alive',
      access: from.bytes(),
      refresh: from.count() === 1 ? from.bytes() : null,
      upstreamClientId: this.#name(from.count()),
      scopes: listOf(from.count(), () => from.text()),
      version: from.count(),
      backoffUntil: from.moment(),
      leaseOwner: from.text(),
      leaseUntil: from.moment(),
      fence: from.count(),
      connectedAt: from.moment(),
      refreshedAt: from.moment(),
    };
  }

  /** `undefined` when it is another connection. */
  connectionState(
    { upstream, account }: Pick<ConnectionRecord, 'upstream' | 'account'>,
    packed: string,
  ): ConnectionRecord['state'] | undefined {
    const from = this.#unpacker.open(packed);
    if (from.text() !== upstream || from.text() !== account) return undefined;
    return from.count() === 1 ? 'dead' : 'alive';
  }

  #number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  #name(number: number): string {
    return this.#names[number] ?? '';
  }
}

function listOf<T>(length: number, read: () => T): readonly T[] {
  const list: T[] = [];
  while (list.length < length) list.push(read());
  return list;
}
