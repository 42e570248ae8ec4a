import type {
  ClientLabel,
  CorrelationLabel,
  GrantLabel,
  NameLabel,
  OutsideLabel,
  SourceLabel,
  UserLabel,
} from './labels.ts';

/** Version of the schema: a field that changes its meaning or goes away raises it, a new one does not. */
export const auditVersion = 1;

type Standing = 'verified' | 'claimed' | 'contradicted' | null;

/** A request of a login: from the consent page to the code. */
export interface LoginDetails {
  readonly correlationId: CorrelationLabel;
  readonly source: SourceLabel;
  readonly client: ClientLabel;
  readonly clientName: OutsideLabel | null;
  /** Id of the row of docs/clients-known.md that the client is of; `null`: of none. */
  readonly knownClient: NameLabel | null;
  /** How sure that is: its vendor speaks for it, it only says so, or its address says otherwise. */
  readonly standing: Standing;
  readonly resource: NameLabel;
}

/** A request that a client sends by itself. */
export interface RequestDetails {
  readonly correlationId: CorrelationLabel;
  readonly source: SourceLabel;
  readonly client: ClientLabel;
  readonly clientName: OutsideLabel | null;
}

/** What happened to a grant at the token endpoint. */
export interface GrantDetails extends RequestDetails {
  readonly grant: GrantLabel;
  /** The user, when the store told. */
  readonly user: UserLabel | null;
  readonly resource: NameLabel | null;
}

/** What happened to a user's connection to an upstream; nobody's request, or anybody's. */
interface OfConnection {
  readonly user: UserLabel;
  readonly upstream: NameLabel;
}

/** A request of a person's browser. */
interface OfRequest {
  readonly correlationId: CorrelationLabel;
  readonly source: SourceLabel;
}

/** A secret or key that a file or the store holds. */
interface OfKey {
  readonly ring: 'signing' | 'hmac' | 'vault' | 'clients' | 'tls' | 'client_secret' | 'upstream_secret';
  /** `kid`, client, upstream or file; `null` where keys have no name. */
  readonly key: NameLabel | null;
}

/** A client whose id is the address of a document. */
interface OfDocument {
  readonly client: ClientLabel;
  /** That speaks for it, as its address has it. */
  readonly host: OutsideLabel;
}

/** An operator did it, by the admin API or the command line. */
interface OfOperator {
  readonly correlationId: CorrelationLabel;
  readonly source: SourceLabel;
  /** Who: what the operator's credential or system account is called. */
  readonly actor: OutsideLabel;
}

/** Why a grant, a user's grants or an access token ended before its time. Stored, and told to operators: names stay. */
export type RevocationReason =
  | 'revoked_by_client'
  | 'code_replayed'
  | 'refresh_token_replayed'
  | 'access_tokens_revoked'
  | 'access_denied'
  | 'upstream_ended'
  | 'upstream_silent'
  | 'user_revoked'
  | 'revoked_by_operator'
  | 'client_unproven';

/** Each event by its name, with what it says beside the envelope. */
export interface AuditDetails {
  /** The server is ready to answer. */
  started: { readonly issuer: NameLabel; readonly signingKey: NameLabel; readonly ephemeral: boolean };
  /** The server was told to close. */
  stopped: { readonly issuer: NameLabel };

  /** The user agreed on the consent page. Showing the page is no event: strangers could flood it. */
  consent_allowed: LoginDetails;
  /** The user did not agree, or took the consent back before the login ended. */
  consent_declined: LoginDetails;
  /** The user wants the consent remembered, and it was stored with the login. */
  consent_remembered: LoginDetails & OfConnection;
  /** A login began without the page, because this user agreed to all of it before. */
  consent_recalled: LoginDetails & OfConnection;
  /** The user was asked after the sign-in, before anything was kept, and `consent_allowed` or `consent_declined` follows. */
  consent_asked_again: LoginDetails &
    OfConnection & { readonly reason: 'other_user' | 'without_cookie' | 'forgotten' };
  /** A user took a remembered consent back. */
  consent_forgotten: OfRequest & { readonly user: UserLabel };
  /** The upstream vouched for the user, the access rules let them in, and the grant was stored. */
  login_succeeded: LoginDetails & {
    readonly upstream: NameLabel;
    readonly user: UserLabel;
    readonly grant: GrantLabel;
  };
  /** The upstream did not vouch: the user gave up or was refused there, it is down, or its answer cannot be trusted. */
  login_failed: LoginDetails & {
    readonly upstream: NameLabel;
    readonly reason: 'denied' | 'unavailable' | 'rejected' | 'invalid' | 'misconfigured';
  };
  /** The access rules said no, at sign-in or later: then the grant ended, and a `revoked` event follows. */
  access_denied: {
    readonly correlationId: CorrelationLabel;
    readonly source: SourceLabel;
    readonly client: ClientLabel;
    readonly clientName: OutsideLabel | null;
    readonly knownClient: NameLabel | null;
    readonly standing: Standing;
    readonly resource: NameLabel;
    readonly at: 'login' | 'refresh' | 'connections';
    readonly upstream: NameLabel;
    readonly user: UserLabel;
    readonly grant: GrantLabel | null;
    /** What failed, in words of ours; never who. */
    readonly reason: NameLabel;
    /** Each rule that was tried, and which of its keys did not hold; names and keys, nothing about the person. */
    readonly rules: readonly NameLabel[];
  };
  /** A code left for the client. */
  code_issued: LoginDetails & { readonly user: UserLabel; readonly grant: GrantLabel };

  /** A code was redeemed: the first tokens of a grant. */
  token_issued: GrantDetails & { readonly refreshable: boolean };
  /** A refresh token was rotated. */
  refreshed: GrantDetails & { readonly generation: number };
  /** A refresh token was used again within its grace, and got the current one. */
  refresh_repeated: GrantDetails & { readonly generation: number };
  /** A valid refresh token was ahead of the store, which lost its last write. */
  refresh_advanced: GrantDetails & { readonly generation: number };
  /** A code or refresh token was replayed, so somebody has a copy of it: the grant ended with this request. */
  theft_detected: GrantDetails & { readonly what: 'code' | 'refresh_token' };
  /** A grant, one access token, all grants of a user, or a connection ended before its time. */
  revoked: {
    readonly correlationId: CorrelationLabel | null;
    readonly source: SourceLabel | null;
    readonly by: 'client' | 'server' | 'user' | 'operator';
    readonly what: 'grant' | 'access_token' | 'user' | 'connection';
    readonly why: RevocationReason;
    readonly client: ClientLabel | null;
    readonly grant: GrantLabel | null;
    readonly user: UserLabel | null;
  };
  /** A call needed scopes that its token lacks: its client was sent to authorize for them, or told that this would not help. */
  scope_insufficient: {
    readonly correlationId: CorrelationLabel;
    readonly source: SourceLabel;
    readonly client: ClientLabel;
    readonly user: UserLabel;
    readonly grant: GrantLabel;
    readonly resource: NameLabel;
    /** What was called; `null` when every request there needs them. */
    readonly tool: OutsideLabel | null;
    readonly missing: readonly NameLabel[];
    readonly answer: 'challenged' | 'explained';
  };
  /** A client registered itself. */
  client_registered: RequestDetails & {
    readonly redirectTargets: readonly OutsideLabel[];
    /** The issuer of the software statement that vouches for it; `null`: nobody does. */
    readonly voucher: NameLabel | null;
  };
  /** A client changed its registration, or removed it (RFC 7592); then its grants ended. */
  client_registration_changed: RequestDetails & { readonly what: 'changed' | 'removed' };
  /** Somebody wanted to register a client, and the policy or the software statement that came with it did not let it in. */
  client_registration_refused: OfRequest & {
    readonly by: 'token' | 'redirect_uris' | 'software_id' | 'statement';
    /** As the client was told. */
    readonly reason: OutsideLabel;
  };
  /** Somebody asks too often and is held back; told once a minute of each limit. The metric counts them all. */
  limit_reached: {
    readonly limit: NameLabel;
    readonly source: SourceLabel;
  };
  /** A client’s assertion came a second time: somebody has a copy of it, or the client makes the same twice. It counted once. */
  assertion_reused: RequestDetails;
  /** A client that says who it is was not let in, and its user was told why. */
  client_refused: OfRequest & {
    readonly client: ClientLabel;
    /** Its id, which people can read: the address of its document. */
    readonly address: OutsideLabel;
    readonly kind: 'unreachable' | 'invalid' | 'refused';
    readonly reason: OutsideLabel;
  };
  /** The document that describes a client says something else than before about who gets in: told once for each new version. */
  client_document_changed: OfDocument & { readonly fields: readonly NameLabel[] };
  /** The document of a client could not be fetched, or is not valid. What is kept or built in may still serve. */
  client_document_failed: OfDocument & {
    readonly kind: 'unreachable' | 'invalid' | 'refused';
    readonly reason: OutsideLabel;
  };

  /** An upstream gave new tokens for a connection. */
  connection_refreshed: OfConnection;
  /** An upstream was told that a connection has ended, and took it. */
  connection_revoked: OfConnection;
  /** A connection is over: the upstream said so, or it cannot be refreshed. Only a new login helps. */
  connection_dead: OfConnection & { readonly reason: OutsideLabel };
  /** A user connected an account, or connected it again: on the connections page, or on the way through several upstreams. */
  connection_added: OfConnection & OfRequest;
  /** A user disconnected an account there; so many grants had been signed in with it and ended as well. */
  connection_ended: OfConnection & OfRequest & { readonly grants: number };
  /** A user signed in to the connections page. */
  connections_signed_in: OfConnection & OfRequest;
  /** Somebody whom an upstream vouched for has no app here, or came by a link that was made for another user. */
  connections_refused: OfConnection & OfRequest & { readonly reason: 'no_app' | 'other_user' };
  /** An upstream refuses our client or our requests; nobody is signed out for that. Told once for each reason. */
  upstream_misconfigured: { readonly upstream: NameLabel; readonly reason: OutsideLabel };

  /** A key came, began to sign, or went. */
  key_changed: OfKey & { readonly change: 'loaded' | 'activated' | 'retired' };
  /** A new key cannot be used; the old one stays. */
  key_refused: OfKey & { readonly reason: NameLabel };
  /** A new configuration is in force. */
  configuration_applied: { readonly paths: readonly NameLabel[] };
  /** A new configuration was not taken; the old one is in force. */
  configuration_refused: { readonly paths: readonly NameLabel[]; readonly reason: NameLabel };
  /** Something was done to the store as a whole. */
  store_changed: {
    readonly action: 'migrated' | 'backed_up' | 'restored' | 'purged';
    readonly schema: number | null;
    readonly rows: number | null;
  };
  /** An operator acted. What it did to a grant is in a `revoked` event with the same correlation id. */
  admin_action: OfOperator & {
    readonly action:
      | 'signed_in'
      | 'read'
      | 'grant_revoked'
      | 'user_revoked'
      | 'connection_removed'
      | 'client_denied'
      | 'client_allowed'
      | 'configuration_reloaded'
      | 'keys_rotated'
      | 'store_backed_up';
    readonly user: UserLabel | null;
    readonly grant: GrantLabel | null;
    readonly client: ClientLabel | null;
    readonly reason: OutsideLabel | null;
  };
  /** Somebody tried to act as an operator and may not. */
  admin_refused: OfOperator & { readonly reason: NameLabel };
  /** So many events were not kept: their sink took nothing for too long, or strangers made too many at once. */
  events_lost: { readonly count: number; readonly reason: 'sink' | 'flood' };
}

export type AuditEventName = keyof AuditDetails;

/** How an event ended: what somebody wanted happened, was refused, did not work, or was an attack that we stopped. */
export type AuditOutcome = 'success' | 'denied' | 'failure' | 'attack';

/** What every event has. */
export interface AuditEnvelope<Name extends AuditEventName> {
  readonly version: typeof auditVersion;
  /** RFC 3339 in UTC, with milliseconds. */
  readonly time: string;
  readonly event: Name;
  readonly outcome: AuditOutcome;
}

/** The closed union of what is written: an envelope and the details of its event, in one flat object. */
export type AuditEvent = {
  readonly [Name in AuditEventName]: AuditEnvelope<Name> & AuditDetails[Name];
}[AuditEventName];

/** What every event of one name has in common. */
export interface AuditEventKind {
  readonly outcome: AuditOutcome;
  /** Does not wait in a buffer. */
  readonly urgent?: true;
  /** Anybody can make it happen as often as they like; beyond some rate it is counted and not kept. */
  readonly anonymous?: true;
}

/** Every event, by its name. */
export const auditEvents: { readonly [Name in AuditEventName]: AuditEventKind } = {
  started: { outcome: 'success' },
  stopped: { outcome: 'success' },
  consent_allowed: { outcome: 'success', anonymous: true },
  consent_declined: { outcome: 'denied', anonymous: true },
  consent_remembered: { outcome: 'success' },
  consent_recalled: { outcome: 'success', anonymous: true },
  consent_asked_again: { outcome: 'success' },
  consent_forgotten: { outcome: 'success' },
  login_succeeded: { outcome: 'success' },
  login_failed: { outcome: 'failure', anonymous: true },
  access_denied: { outcome: 'denied', urgent: true },
  code_issued: { outcome: 'success' },
  token_issued: { outcome: 'success' },
  refreshed: { outcome: 'success' },
  refresh_repeated: { outcome: 'success' },
  refresh_advanced: { outcome: 'success', urgent: true },
  theft_detected: { outcome: 'attack', urgent: true },
  revoked: { outcome: 'success' },
  scope_insufficient: { outcome: 'denied', anonymous: true },
  client_registered: { outcome: 'success', anonymous: true },
  client_registration_changed: { outcome: 'success' },
  client_registration_refused: { outcome: 'denied', anonymous: true },
  limit_reached: { outcome: 'denied', anonymous: true },
  assertion_reused: { outcome: 'attack', anonymous: true },
  client_refused: { outcome: 'denied', anonymous: true },
  client_document_changed: { outcome: 'success', anonymous: true },
  client_document_failed: { outcome: 'failure', anonymous: true },
  connection_refreshed: { outcome: 'success' },
  connection_revoked: { outcome: 'success' },
  connection_dead: { outcome: 'failure' },
  connection_added: { outcome: 'success' },
  connection_ended: { outcome: 'success' },
  connections_signed_in: { outcome: 'success' },
  connections_refused: { outcome: 'denied', anonymous: true },
  upstream_misconfigured: { outcome: 'failure', urgent: true },
  key_changed: { outcome: 'success', urgent: true },
  key_refused: { outcome: 'failure', urgent: true },
  configuration_applied: { outcome: 'success', urgent: true },
  configuration_refused: { outcome: 'failure', urgent: true },
  store_changed: { outcome: 'success', urgent: true },
  admin_action: { outcome: 'success', urgent: true },
  admin_refused: { outcome: 'denied', urgent: true },
  events_lost: { outcome: 'failure', urgent: true },
};
