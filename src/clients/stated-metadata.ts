type Members = Readonly<Record<string, unknown>>;

/** Nothing that a statement says of a client: ids and secrets are made here, and one statement is enough. */
const notMetadata: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'software_statement',
]);

/**
 * What was sent, with what is signed in its place (RFC 7591 §2.3: claims take precedence). Claims that are `null` say
 * nothing. A client has its keys in one place: who signs for one takes the other away.
 */
export function withClaims(sent: Members, claims: Members): Members {
  const stated = Object.fromEntries(
    Object.entries(claims).filter(([name, value]) => value !== null && !notMetadata.has(name)),
  );
  const { jwks, jwks_uri: jwksUri, ...rest } = sent;
  const keys = Object.hasOwn(stated, 'jwks') || Object.hasOwn(stated, 'jwks_uri');
  return {
    ...rest,
    ...(!keys && jwks !== undefined && { jwks }),
    ...(!keys && jwksUri !== undefined && { jwks_uri: jwksUri }),
    ...stated,
  };
}
