/** What one habit of clients means for the server. */
export interface DeviationMeaning {
  /** What the client does. */
  readonly about: string;
  /** What the server does about it. */
  readonly answer: string;
  /**
   * Whom it is tolerated of. `everyone`: it costs nobody anything. `row`: only of clients whose row has the word, and whose
   * callback proves who they are. `switch`: of these, when the operator says so.
   */
  readonly of: 'everyone' | 'row' | 'switch';
}

/** A habit of clients that is tolerated, by a stable word. */
export type Deviation =
  | 'portless_loopback'
  | 'registers_each_run'
  | 'several_redirect_uris'
  | 'callback_per_connection'
  | 'no_application_type'
  | 'application_type_web'
  | 'unserved_grant_types'
  | 'omits_scope'
  | 'scope_of_server'
  | 'foreign_scopes'
  | 'registers_fewer_scopes'
  | 'no_state'
  | 'long_state'
  | 'prompt_consent'
  | 'refresh_without_scope'
  | 'refresh_without_resource'
  | 'refresh_races'
  | 'discovery_with_version'
  | 'optional_proof'
  | 'secret_with_none'
  | 'webview_without_cookies';

/** Habits that the specifications do not foresee, or leave open. */
export const deviations: Readonly<Record<Deviation, DeviationMeaning>> = {
  portless_loopback: {
    about: 'Registers a loopback address without a port, or with another than it uses.',
    answer: 'The port of a loopback redirect URI is not compared (RFC 8252 §7.3).',
    of: 'everyone',
  },
  registers_each_run: {
    about: 'Registers anew at each start, often with another port.',
    answer: 'A registration of a public client takes no room, and the same metadata give the same id.',
    of: 'everyone',
  },
  several_redirect_uris: {
    about: 'Registers addresses of several kinds at once: web, loopback, its own scheme.',
    answer: 'All are taken when each is good; a refusal names the one that is not.',
    of: 'everyone',
  },
  callback_per_connection: {
    about: 'Its https callback differs for each connection, so that it cannot be listed in advance.',
    answer: 'Registration takes any https callback, and consent shows its host.',
    of: 'everyone',
  },
  no_application_type: {
    about: 'Registers without application_type.',
    answer: 'What kind of client it is follows from its redirect URIs.',
    of: 'everyone',
  },
  application_type_web: {
    about: 'Registers an address on the user’s device as application_type web.',
    answer: 'It is taken: what kind of client it is follows from its redirect URIs.',
    of: 'everyone',
  },
  unserved_grant_types: {
    about: 'Lists grants that are not served here, such as the device grant.',
    answer: 'They are left out of what is registered.',
    of: 'everyone',
  },
  omits_scope: {
    about: 'Registers, or asks, without scope.',
    answer: 'The default scopes are asked for at consent, and the answer names what was granted.',
    of: 'everyone',
  },
  scope_of_server: {
    about: 'Asks for every scope of the authorization server’s metadata, whatever the resource needs.',
    answer: 'What it may not have is left out; the answer names what was granted.',
    of: 'everyone',
  },
  foreign_scopes: {
    about: 'Asks for scopes that nobody here offers, such as those of OpenID Connect at a plain resource.',
    answer: 'Unknown scopes are left out.',
    of: 'everyone',
  },
  registers_fewer_scopes: {
    about: 'Asks for more scopes than it registered.',
    answer:
      'It gets what the resource demands all the same; of the rest, what it did not register for is left out, unless baseline_client_scopes adds it.',
    of: 'everyone',
  },
  no_state: {
    about: 'Sends no state.',
    answer: 'None comes back; PKCE binds the answer to its request.',
    of: 'everyone',
  },
  long_state: {
    about: 'Sends a state of more than a thousand characters.',
    answer: 'Up to 4,096 bytes come back as they were.',
    of: 'everyone',
  },
  prompt_consent: {
    about: 'Sends prompt=consent when it asks for offline_access.',
    answer: 'Consent is shown anyway.',
    of: 'everyone',
  },
  refresh_without_scope: {
    about: 'Refreshes without scope.',
    answer: 'The granted scopes stay (RFC 6749 §6).',
    of: 'everyone',
  },
  refresh_without_resource: {
    about: 'Refreshes without resource.',
    answer: 'The granted resource stays.',
    of: 'everyone',
  },
  refresh_races: {
    about: 'Several of its processes use one refresh token at the same time.',
    answer: 'For refresh_grace after a rotation all of them get the current token.',
    of: 'everyone',
  },
  discovery_with_version: {
    about: 'Sends MCP-Protocol-Version with requests for metadata, from a browser too.',
    answer: 'It is allowed by CORS, and no version is refused.',
    of: 'everyone',
  },
  optional_proof: {
    about: 'Its document offers both private_key_jwt and none.',
    answer: 'Without an assertion it is a public client; one that it brings must be good.',
    of: 'everyone',
  },
  secret_with_none: {
    about: 'Registers as a public client, and then goes on only with a secret.',
    answer: 'It gets one, which it may send in either way.',
    of: 'row',
  },
  webview_without_cookies: {
    about: 'Signs in in an embedded browser that loses cookies on the way.',
    answer: 'Where the operator allows it, consent is asked again after the sign-in.',
    of: 'switch',
  },
};
