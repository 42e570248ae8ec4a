import type { TokenIdentity } from '../config/upstream-settings.ts';
import { parseTokenPath, readTokenPath } from '../oauth/token-path.ts';
import type { Identity } from '../types/tokens.ts';
import { subjectProblem } from './identity.ts';
import { UpstreamError } from './provider.ts';

/**
 * Who a token answer is about. The subject must be a text or an integer, whatever its size; there is no second place to
 * look. Nothing else of the answer becomes a claim: it holds tokens. Throws {@link UpstreamError} `invalid`, which names
 * the path and nothing of the answer.
 */
export function identityFromToken(
  body: Readonly<Record<string, unknown>>,
  { upstream, paths, emailVerified }: { upstream: string; paths: TokenIdentity; emailVerified: boolean },
): Identity {
  const found = read(body, paths.subject);
  const subject = textOf(found);
  const where = `identity from the token answer: ${paths.subject}`;
  if (subject === null) throw new UpstreamError('invalid', upstream, `${where} ${problemOf(found)}`);
  const problem = subjectProblem(subject);
  if (problem !== null) throw new UpstreamError('invalid', upstream, `${where} ${problem}`);
  const name = textAt(body, paths.name);
  const email = textAt(body, paths.email);
  return {
    upstream,
    subject,
    name,
    email,
    emailVerified: email !== null && emailVerified,
    synthetic: false,
    claims: { sub: subject, ...(name !== null && { name }), ...(email !== null && { email }) },
  };
}

function read(body: Readonly<Record<string, unknown>>, text: string): unknown {
  const path = parseTokenPath(text);
  return path === null ? undefined : readTokenPath(body, path);
}

function textAt(body: Readonly<Record<string, unknown>>, path: string | null): string | null {
  return path === null ? null : textOf(read(body, path));
}

/** Integers beyond 2^53 came as their digits. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string' && value !== '') return value;
  return Number.isSafeInteger(value) ? String(value) : null;
}

function problemOf(value: unknown): string {
  if (value === undefined) return 'leads nowhere';
  if (value === '') return 'is empty';
  if (value === null) return 'is null';
  return typeof value === 'number' ? 'is not an integer' : 'is neither a text nor an integer';
}
