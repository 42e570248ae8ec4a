import { createHash } from 'node:crypto';
import type { Quirks } from './quirks/quirks.ts';
import type { Attributes, Json } from './template.ts';
import { fillText } from './template.ts';

/** Somebody with an account. All attributes can be used in templates. */
export interface SimulatedUser {
  /** What never changes about the account; digits, where the provider has numeric ids. */
  readonly id: string;
  /** What the user types to sign in. */
  readonly login: string;
  readonly [attribute: string]: Json | undefined;
}

/** The tenant of Alice, which the presets of Entra with one tenant are for. */
export const aliceTenant = '11111111-1111-4111-8111-111111111111';

/**
 * The users of a simulator that is given none. As doubles, the ids of Alice and Bob are the same number: whoever
 * reads them as such takes one for the other.
 */
export const defaultUsers: readonly SimulatedUser[] = [
  {
    id: '9007199254740993',
    login: 'alice',
    name: 'Alice Adams',
    given_name: 'Alice',
    family_name: 'Adams',
    email: 'alice@example.com',
    public_email: 'alice@example.com',
    email_verified: true,
    picture: 'https://example.com/alice.png',
    hd: 'example.com',
    tid: aliceTenant,
    oid: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    groups: ['engineering', 'staff'],
    roles: ['admin'],
    organizations: ['acme'],
    teams: ['acme/platform'],
  },
  {
    id: '9007199254740992',
    login: 'bob',
    name: 'Bob Brown',
    given_name: 'Bob',
    family_name: 'Brown',
    email: 'bob@example.net',
    public_email: null,
    email_verified: false,
    picture: 'https://example.net/bob.png',
    tid: '22222222-2222-4222-8222-222222222222',
    oid: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
    groups: ['sales'],
    roles: [],
    organizations: [],
    teams: [],
  },
];

/** The user with a login. Throws `TypeError` when there is none. */
export function findUser(users: readonly SimulatedUser[], login: string): SimulatedUser {
  const user = users.find((candidate) => candidate.login === login);
  if (!user) throw new TypeError(`no user ${login}`);
  return user;
}

/** What templates may use about a user. */
export type UserAttributes = Attributes & { readonly subject: string };

/** What templates may use about a user, and about the login when it is known. */
export function attributesOf(
  user: SimulatedUser,
  { quirks, clientId, more = {} }: { quirks: Quirks; clientId: string; more?: Attributes },
): UserAttributes {
  const attributes: Record<string, Json | undefined> = {
    ...user,
    id: quirks.numericIds ? BigInt(user.id) : user.id,
    email_verified: emailVerified(user, quirks.emailVerified),
    client_id: clientId,
    pairwise: createHash('sha256').update(`${clientId} ${user.id}`).digest('base64url'),
    dex_subject: dexSubject(user.id),
    ...more,
  };
  return { ...attributes, subject: fillText(quirks.subject, attributes) };
}

function emailVerified(user: SimulatedUser, how: Quirks['emailVerified']): Json | undefined {
  const verified = user['email_verified'];
  switch (how) {
    case 'boolean':
    case 'string-in-userinfo':
      return verified;
    case 'string':
      return String(verified === true);
    case 'false':
      return false;
    case 'absent':
      return undefined;
  }
}

/** Dex: base64url of a protocol buffer with the user's id and the connector's name, both as length and bytes. */
function dexSubject(id: string): string {
  const field = (tag: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([tag, Buffer.byteLength(text)]), Buffer.from(text)]);
  return Buffer.concat([field(0x0a, id), field(0x12, 'local')]).toString('base64url');
}
