import type { ExpressionValue } from '../../config/access-expression.ts';
import { isRecord } from '../identity.ts';
import { verifiedAddress } from './addresses.ts';
import type { AccessQuestion } from './decision.ts';

/** What an expression is given of claims at most: it bounds what one costs. */
const most = { values: 1_000, characters: 65_536, depth: 16 };

/**
 * What an expression may look at: copies without prototypes, in which nothing but data is left. `null`: there is too
 * much of it, and a part would not be the truth.
 */
export function expressionVariables({
  identity,
  client,
  resource,
}: AccessQuestion): Readonly<Record<string, ExpressionValue>> | null {
  const address = verifiedAddress(identity);
  const claims = new Copy().of(identity.claims, most.depth);
  if (claims === undefined) return null;
  return {
    user: new Map([
      ['subject', identity.subject],
      ['name', identity.name ?? ''],
      ['email', address ? `${address.local}@${address.domain}` : ''],
      ['email_domain', address?.domain ?? ''],
    ]),
    claims,
    upstream: identity.upstream,
    client: new Map([
      ['id', client.id],
      ['name', client.name ?? ''],
    ]),
    resource,
  };
}

class Copy {
  #values = 0;
  #characters = 0;

  /** `undefined`: too much, or nothing that JSON has. */
  of(value: unknown, depth: number): ExpressionValue | undefined {
    this.#values += 1;
    if (this.#values > most.values || depth === 0) return undefined;
    if (typeof value === 'string') return this.#text(value);
    // Whole numbers are CEL's `int`, so that `claims.level == 3` is what it looks like.
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof value === 'boolean' || value === null) return value;
    if (Array.isArray(value)) return this.#list(value, depth);
    return isRecord(value) ? this.#map(value, depth) : undefined;
  }

  #text(text: string): string | undefined {
    this.#characters += text.length;
    return this.#characters > most.characters ? undefined : text;
  }

  #list(items: readonly unknown[], depth: number): readonly ExpressionValue[] | undefined {
    const list: ExpressionValue[] = [];
    for (const item of items) {
      const one = this.of(item, depth - 1);
      if (one === undefined) return undefined;
      list.push(one);
    }
    return list;
  }

  #map(
    record: Readonly<Record<string, unknown>>,
    depth: number,
  ): ReadonlyMap<string, ExpressionValue> | undefined {
    const map = new Map<string, ExpressionValue>();
    for (const [name, value] of Object.entries(record)) {
      const one = this.#text(name) === undefined ? undefined : this.of(value, depth - 1);
      if (one === undefined) return undefined;
      map.set(name, one);
    }
    return map;
  }
}
