import type { Seconds } from '../types/time.ts';

/** What a grant remembers for the layer above the store. Holds no secret and nothing personal. */
export interface GrantData {
  readonly scopes: readonly string[];
  /** Of the authorization request, for the first ID token. */
  readonly nonce: string | null;
  /** When the user signed in at the upstream. */
  readonly authTime: Seconds;
  /** What the client called itself, for lists that people read. */
  readonly clientName: string | null;
  /** What the client asked for and the grant does not hold: its user said no, or the client may not have it. */
  readonly refused: readonly string[];
  /** Its client proves itself by a key, and nobody else may use it. */
  readonly proven: boolean;
  /** Of `traceOf`: how the login looked, for its user; '' for an older grant. */
  readonly trace: string;
  /** What its client called its software, and who vouched for the client, at the sign-in; `null`: nothing, nobody. */
  readonly softwareId: string | null;
  readonly voucher: string | null;
}

/** Without member names: it is kept a million times. */
type Encoded = readonly [
  scope: string,
  nonce: GrantData['nonce'],
  authTime: GrantData['authTime'],
  clientName: GrantData['clientName'],
  /** From here on left out in older grants. */
  refused?: string,
  proven?: 0 | 1,
  trace?: string,
  /** Only where there is one of them. */
  softwareId?: GrantData['softwareId'],
  voucher?: GrantData['voucher'],
];

/** For `NewGrant.data`. */
export function encodeGrantData(data: GrantData): string {
  const { scopes, nonce, authTime, clientName, refused, proven, trace, softwareId, voucher } = data;
  const encoded: Encoded = [
    scopes.join(' '),
    nonce,
    authTime,
    clientName,
    refused.join(' '),
    proven ? 1 : 0,
    trace,
  ];
  const isPlain = softwareId === null && voucher === null;
  return JSON.stringify(isPlain ? encoded : [...encoded, softwareId, voucher]);
}

/** Of `GrantView.data`, which only {@link encodeGrantData} writes. */
export function decodeGrantData(text: string): GrantData {
  const [scope, nonce, authTime, clientName, ...later] = JSON.parse(text) as Encoded;
  const [refused = '', proven = 0, trace = '', softwareId = null, voucher = null] = later;
  return {
    scopes: listed(scope),
    nonce,
    authTime,
    clientName,
    refused: listed(refused),
    proven: proven === 1,
    trace,
    softwareId,
    voucher,
  };
}

function listed(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
