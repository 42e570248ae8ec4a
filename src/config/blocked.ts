import { hostPattern } from './host-pattern.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** Somebody whom the configuration shuts out. */
export interface BlockConfig {
  readonly kind: 'client' | 'host' | 'software' | 'user';
  /** Of a client its id; of a host a name, `*.` and a name, or a scheme with its colon. */
  readonly value: string;
  /** '' for none. */
  readonly reason: string;
}

const kinds = { client_id: 'client', host: 'host', software_id: 'software', user: 'user' } as const;

/** Reads who is shut out. */
export function resolveBlocked({ config, findings }: Resolving): readonly BlockConfig[] {
  return itemsOf(config.blocked).flatMap(({ item, index }) => {
    const { reason = '', ...who } = item;
    const [first, ...more] = Object.entries(who).filter(([, value]) => value !== undefined);
    if (!first || more.length > 0) {
      findings.refuse(['blocked', index], {
        problem: first ? 'says two things' : 'does not say whom',
        fix: 'write one of client_id, host, software_id and user in each entry',
      });
      return [];
    }
    // Every key beside the reason is one of these.
    const [field, value] = first as [keyof typeof kinds, string];
    const kind = kinds[field];
    const plain = kind === 'host' ? blockedHost(value) : value;
    if (plain === null)
      findings.refuse(['blocked', index, field], {
        problem: 'is neither the name of a host nor a scheme',
        fix: 'write a name such as app.example.net, *.example.net for every host below it, or a scheme such as app:',
      });
    return plain === null ? [] : { kind, value: plain, reason };
  });
}

/** What a `host` is compared as; `null` for what is neither a host nor a scheme. */
export function blockedHost(text: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:$/iu.test(text)) return text.toLowerCase();
  return hostPattern(text);
}
