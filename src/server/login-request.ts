/** What a client asked for, checked: everything that a login must remember until its code is issued. */
export interface LoginRequest {
  readonly clientId: string;
  /** As the client sent it (a loopback port is the real one). */
  readonly redirectUri: string;
  readonly state: string | null;
  readonly scopes: readonly string[];
  /** Those of the catalogue that the client named, granted or not; absent in requests of an older version. */
  readonly wanted?: readonly string[];
  readonly resource: string;
  readonly challenge: string;
  readonly nonce: string | null;
  /** `login` or `select_account`, for the upstream. */
  readonly prompt: string | null;
  /** Seconds, for the upstream. */
  readonly maxAge: number | null;
  readonly loginHint: string | null;
  /** `prompt` named `consent`: the page is shown, whatever is remembered. */
  readonly asksConsent?: true;
}
