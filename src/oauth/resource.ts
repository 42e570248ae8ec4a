import { OAuthError } from './errors.ts';

/** Longest identifier that is looked at, in characters. */
const maxLength = 2048;

/**
 * The canonical form of a resource identifier (RFC 8707 §2): absolute http(s) URI without fragment, scheme and host in
 * lower case, without a single trailing slash. `null` for anything else. Comparison afterwards is exact.
 */
export function canonicalResource(text: string): string | null {
  if (text.length > maxLength || /[^\x21-\x7e]|[\\#]/u.test(text)) return null;
  const parts = /^(https?):\/\/([^/?#@]+)(\/[^?#]*)?(\?[^#]*)?$/iu.exec(text);
  if (!parts || !URL.canParse(text)) return null;
  const [, scheme = '', authority = '', path = '', query = ''] = parts;
  return `${scheme.toLowerCase()}://${authority.toLowerCase()}${path.replace(/\/$/u, '')}${query}`;
}

/**
 * The one resource that a token will be for, as it is configured: the requested one, else the default, else the only one.
 * @throws {OAuthError} `invalid_target`
 */
export function chooseResource(
  requested: readonly string[],
  config: { readonly resources: readonly string[]; readonly defaultResource: string | null },
): string {
  const [first, ...others] = requested;
  if (others.length > 0)
    throw new OAuthError('invalid_target', 'one token is for one resource: send one resource');
  if (first === undefined) return implied(config);
  const resource = canonicalResource(first);
  const known = config.resources.find((one) => canonicalResource(one) === resource);
  if (resource === null || known === undefined)
    throw new OAuthError('invalid_target', 'this resource is not served here');
  return known;
}

function implied(config: {
  readonly resources: readonly string[];
  readonly defaultResource: string | null;
}): string {
  const [only, ...others] = config.resources;
  const chosen = config.defaultResource ?? (others.length === 0 ? only : undefined);
  if (chosen === undefined)
    throw new OAuthError('invalid_target', 'resource is missing, and there are several');
  return chosen;
}
