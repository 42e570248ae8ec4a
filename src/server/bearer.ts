/** The token of an `Authorization` header (RFC 6750 §2.1); other schemes are nobody's here. */
export function bearerOf(authorization: string | undefined): string | null {
  return /^bearer +([\w.~+/-]+=*) *$/iu.exec(authorization ?? '')?.[1] ?? null;
}
