import { isRecord } from './identity.ts';
import type { TokenRefusal } from './token-failures.ts';

/**
 * The refusal in a token endpoint's answer, in every form that providers were seen to give it: `error` as a text
 * (RFC 6749 §5.2) or an object, `ok: false` (Slack), a list of errors (SAP). `null`: nobody refused.
 */
export function refusalIn(body: unknown): TokenRefusal | null {
  if (Array.isArray(body)) return refusalOfEntry(body[0]);
  if (!isRecord(body)) return null;
  const { error, errors, ok } = body;
  if (typeof error === 'string' && error !== '') return refusal(error, body);
  const told = refusalOfEntry(first(error)) ?? refusalOfEntry(first(errors));
  if (told) return told;
  return ok === false || isRecord(error) ? refusal('unnamed_error', body) : null;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** One of several errors, or one in an object of its own: it may call its code by another name. */
function refusalOfEntry(entry: unknown): TokenRefusal | null {
  if (typeof entry === 'string' && entry !== '') return refusal(entry, {});
  if (!isRecord(entry)) return null;
  const names = [entry['error'], entry['errorCode'], entry['code']];
  const named = names.find((value): value is string => typeof value === 'string' && value !== '');
  return named === undefined ? null : refusal(named, entry);
}

/** As much as is looked at of what a provider writes, in characters, and of its numbers. */
const longest = 1000;
const mostNumbers = 3;

function refusal(error: string, entry: Readonly<Record<string, unknown>>): TokenRefusal {
  const words = [entry['error_description'], entry['message'], entry['description']];
  const told = words.find((value): value is string => typeof value === 'string') ?? '';
  const description = told.slice(0, longest);
  const listed = Array.isArray(entry['error_codes']) ? entry['error_codes'].slice(0, mostNumbers) : [];
  const named = [...description.matchAll(/AADSTS(\d{4,8})\b/gu)].map(([, digits]) => Number(digits));
  const numbers = [...new Set([...listed.filter((value) => Number.isSafeInteger(value)), ...named])];
  return { error, description, numbers: numbers.slice(0, mostNumbers) };
}
