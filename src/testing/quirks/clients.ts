import type { ClientAuthentication } from './tokens.ts';

/** Registration, revocation, and what one provider has beyond the standards. */
export interface ClientQuirks {
  /** RFC 7591. `unadvertised`: it works and metadata does not say so. */
  readonly registration: 'open' | 'unadvertised' | 'initial-access-token' | 'absent';
  readonly initialAccessToken: string;
  /** RFC 7591 §3.2.1 wants 201. */
  readonly registrationStatus: 200 | 201;
  /** The method that every registration gets, whatever it asked for. */
  readonly registrationAuthentication: ClientAuthentication | null;
  /** `client_secret_expires_at`: 0, left out, an hour ago, or {@link registrationSecretLifetime} ahead. */
  readonly registrationSecretExpires: 'never' | 'absent' | 'past' | 'soon';
  /** Seconds. */
  readonly registrationSecretLifetime: number;
  /** Redirect URIs that may be registered; one more in the list and the whole request is refused. `null`: any. */
  readonly registrationRedirectUris: readonly string[] | null;
  /** RFC 7592: a registration can be read and deleted by who made it. */
  readonly registrationManagement: boolean;
  /** How tokens are revoked: the standard, Google's form, GitHub's `DELETE`, Slack's `auth.revoke`. */
  readonly revocation: 'rfc7009' | 'google' | 'github' | 'slack' | 'absent';
  /** Endpoints that only this provider has: GitHub's user, e-mails, organisations and teams; Slack's `auth.test`. */
  readonly api: 'github' | 'slack' | 'none';
  /** Whether the API looks at the scopes of a token, or at permissions of the app that are all given (GitHub Apps). */
  readonly apiPermissions: 'scopes' | 'all';
}

/** As the specifications have it. */
export const plainClients: ClientQuirks = {
  registration: 'absent',
  initialAccessToken: 'initial-access-token',
  registrationStatus: 201,
  registrationAuthentication: null,
  registrationSecretExpires: 'never',
  registrationSecretLifetime: 60,
  registrationRedirectUris: null,
  registrationManagement: false,
  revocation: 'rfc7009',
  api: 'none',
  apiPermissions: 'scopes',
};
