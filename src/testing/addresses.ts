import type { AddressQuirks, EndpointName, PathName } from './quirks/addresses.ts';
import type { Attributes } from './template.ts';
import { fillText } from './template.ts';

/** Where the two listeners of a simulator are, without a trailing slash. */
export interface Origins {
  readonly main: string;
  readonly foreign: string;
}

/** Full addresses of a simulated provider. */
export interface Addresses {
  /** What an operator configures. */
  readonly issuer: string;
  /** `issuer` of the metadata. */
  readonly documentIssuer: string;
  readonly discovery: readonly string[];
  readonly endpoints: Readonly<Record<PathName, string>>;
  /** Origin of {@link EndpointName} `api`. */
  readonly api: string;
  /** What templates of addresses may use. */
  readonly attributes: Attributes;
}

export function addressesOf(quirks: AddressQuirks, { main, foreign }: Origins): Addresses {
  const base = `${main}${quirks.issuerPath}`;
  const issuer = quirks.issuerTrailingSlash ? `${base}/` : base;
  const attributes = { issuer, origin: main, foreign, host: new URL(main).host };
  const originOf = (name: EndpointName): string => (quirks.foreignHost.includes(name) ? foreign : main);
  const at = (name: PathName): string => originOf(name) + quirks.paths[name];
  return {
    issuer,
    documentIssuer: fillText(quirks.documentIssuer, attributes),
    discovery: discoveryPaths(quirks).map((path) => originOf('discovery') + path),
    endpoints: {
      authorize: at('authorize'),
      token: at('token'),
      userinfo: at('userinfo'),
      jwks: at('jwks'),
      revoke: at('revoke'),
      register: at('register'),
    },
    api: originOf('api'),
    attributes,
  };
}

/** The well-known paths that answer. */
export function discoveryPaths(quirks: AddressQuirks): string[] {
  const { issuerPath, discovery } = quirks;
  return quirks.metadataNames.flatMap((name) => {
    const wellKnown = `/.well-known/${name}`;
    const appended = discovery === 'appended' || discovery === 'both' ? [issuerPath + wellKnown] : [];
    const inserted = discovery === 'inserted' || discovery === 'both' ? [wellKnown + issuerPath] : [];
    return [...new Set([...appended, ...inserted])];
  });
}
