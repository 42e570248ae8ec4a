/** The endpoints of a simulated provider. `api` is what belongs to one provider only (GitHub's organisations …). */
export type EndpointName =
  | 'discovery'
  | 'jwks'
  | 'authorize'
  | 'token'
  | 'userinfo'
  | 'revoke'
  | 'register'
  | 'api';

/** Endpoints that have one fixed path. */
export type PathName = Exclude<EndpointName, 'discovery' | 'api'>;

/** Where things are. Texts are templates: see `fill`. */
export interface AddressQuirks {
  /** `oauth2` answers no ID token, whatever is asked. */
  readonly protocol: 'oidc' | 'oauth2';
  /** Path of the issuer, such as `/realms/test`. */
  readonly issuerPath: string;
  /** The issuer ends in a slash (Auth0, Authentik); its metadata is still found without a double one. */
  readonly issuerTrailingSlash: boolean;
  /** `issuer` of the metadata: Entra's holds a literal `{tenantid}`, and its first version another host. */
  readonly documentIssuer: string;
  /** `iss` of ID tokens: `{host}` is Google's spelling without a scheme. */
  readonly idTokenIssuer: string;
  /**
   * Where metadata is: after the issuer's path (OpenID Connect Discovery §4), before it (RFC 8414 §3.1), both, nowhere.
   */
  readonly discovery: 'appended' | 'inserted' | 'both' | 'none';
  /** Which well-known names answer. */
  readonly metadataNames: readonly ('openid-configuration' | 'oauth-authorization-server')[];
  /** Members that the metadata of this provider lacks. */
  readonly metadataOmits: readonly string[];
  readonly paths: Readonly<Record<PathName, string>>;
  /** Endpoints that live on another host than the issuer: here on a second port. */
  readonly foreignHost: readonly EndpointName[];
}

/** As the specifications have it. */
export const plainAddresses: AddressQuirks = {
  protocol: 'oidc',
  issuerPath: '',
  issuerTrailingSlash: false,
  documentIssuer: '{issuer}',
  idTokenIssuer: '{issuer}',
  discovery: 'appended',
  metadataNames: ['openid-configuration'],
  metadataOmits: [],
  paths: {
    authorize: '/authorize',
    token: '/token',
    userinfo: '/userinfo',
    jwks: '/jwks',
    revoke: '/revoke',
    register: '/register',
  },
  foreignHost: [],
};
