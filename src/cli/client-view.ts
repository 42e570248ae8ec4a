import type { Client } from '../clients/client.ts';
import type { Shut } from '../clients/block-list.ts';
import { formatDuration } from '../config/duration.ts';
import { recogniseClient, recognisedLabel } from '../known-clients/recognise.ts';
import type { ClientDetails } from './client-details.ts';
import type { ClientSummary } from './client-summaries.ts';
import { plainText, renderMoment } from './table.ts';

/** Everything that can be told of one client. */
export interface ClientView extends ClientDetails {
  /** `null`: only what lists show of it is known. */
  readonly id: string | null;
  /** Of its id. */
  readonly hash: string;
  /** `null`: nobody has signed in with it. */
  readonly summary: ClientSummary | null;
  readonly shut: (Shut & { readonly by: 'command' | 'configuration' }) | null;
}

/** Which known clients it may be: for each of its addresses it is as sure as that address makes it. */
function knownLabels(client: Client): readonly string[] {
  const uris = client.redirectUris.length > 0 ? client.redirectUris : [''];
  const found = uris.map((uri) => recogniseClient(client, uri)).filter((one) => one !== null);
  return [...new Set(found.map(recognisedLabel))];
}

/** A client for people. */
export function renderClient(view: ClientView): readonly (readonly [string, string])[] {
  const { id, hash, client, source, trouble, summary, shut } = view;
  return [
    ['client', hash.slice(0, 16)],
    ...(id === null ? [] : [['client_id', plainText(id)] as const]),
    ['from', source],
    ...(trouble === null ? [] : [['not as it says', plainText(trouble)] as const]),
    [
      'blocked',
      shut ? plainText(`by ${shut.by}: ${ruleOf(shut)}${shut.reason && `, ${shut.reason}`}`) : 'no',
    ],
    ['called', plainText(client?.name ?? summary?.name ?? '–')],
    ...(client ? described(client) : []),
    ...(view.registration
      ? [
          [
            'vouched for',
            plainText(
              view.registration.voucher ?? (view.registration.vouched ? 'initial access token' : '–'),
            ),
          ] as const,
        ]
      : []),
    ['grants', String(summary?.living ?? 0)],
    ['users', String(summary?.users.size ?? 0)],
    ['first seen', renderMoment(summary?.firstAt ?? 0)],
    ['last used', renderMoment(summary?.lastAt ?? 0)],
  ];
}

function described(client: Client): readonly (readonly [string, string])[] {
  const listed = (all: readonly string[] | null, every: string): string =>
    all === null ? every : plainText(all.join(' ')) || '–';
  return [
    ['known as', plainText(knownLabels(client).join('; ')) || '–'],
    ['host', plainText(client.host ?? '–')],
    ...client.redirectUris.map((uri) => ['redirect uri', plainText(uri)] as const),
    [
      'proves itself by',
      client.anySecretMethod ? `${client.authMethod}, or another secret method` : client.authMethod,
    ],
    ['secret ends', client.secretExpiresAt === 0 ? '–' : renderMoment(client.secretExpiresAt * 1000)],
    ['grant types', listed(client.grantTypes, '')],
    ['scopes', listed(client.scopes, 'every supported one')],
    ['resources', listed(client.resources, 'each')],
    ['consent', client.consent],
    ['lifespans', lifespansOf(client)],
    ['software id', plainText(client.softwareId ?? '–')],
  ];
}

function lifespansOf({ lifespans: { refreshToken, session, refreshGrace } }: Client): string {
  const own = Object.entries({ refresh_token: refreshToken, session, refresh_grace: refreshGrace });
  const set = own.flatMap(([name, span]) => (span === null ? [] : [`${name} ${formatDuration(span)}`]));
  return set.join(', ') || 'the server’s';
}

/** Of a client only the hash of its id is kept. */
function ruleOf({ kind, value }: Shut): string {
  return `${kind} ${kind === 'client' ? value.slice(0, 16) : value}`;
}

/** A client for programs; the names are stable. */
export function clientJson({
  id,
  hash,
  client,
  source,
  trouble,
  registration,
  summary,
  shut,
}: ClientView): object {
  const iso = (moment: number): string | null => (moment === 0 ? null : new Date(moment).toISOString());
  return {
    client: hash.slice(0, 16),
    client_id: id,
    source,
    trouble,
    blocked: shut && { by: shut.by, rule: ruleOf(shut), reason: shut.reason },
    name: client?.name ?? summary?.name ?? null,
    ...(client && {
      known_as: knownLabels(client),
      host: client.host,
      redirect_uris: client.redirectUris,
      token_endpoint_auth_method: client.authMethod,
      secret_expires_at: iso(client.secretExpiresAt * 1000),
      grant_types: client.grantTypes,
      scopes: client.scopes,
      resources: client.resources,
      consent: client.consent,
      lifespans_ms: client.lifespans,
      software_id: client.softwareId,
    }),
    ...(registration && { vouched: registration.vouched, voucher: registration.voucher ?? null }),
    grants: summary?.living ?? 0,
    users: summary?.users.size ?? 0,
    first_seen_at: iso(summary?.firstAt ?? 0),
    last_used_at: iso(summary?.lastAt ?? 0),
  };
}
