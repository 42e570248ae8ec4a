import type { RegistrationPolicyConfig } from './registration-policy.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** Most keys that verify ids at a time: an id of nobody is tried with each. */
const mostLiving = 10;

/** Reads which keys make and verify ids of clients that register. */
export function resolveIdKeys({
  config,
  findings,
}: Resolving): Pick<RegistrationPolicyConfig, 'idKey' | 'revokedIdKeys'> {
  const signs = config.registration?.id_key ?? 1;
  const revoked = itemsOf(config.registration?.revoked_id_keys);
  for (const { item, index } of revoked)
    if (item >= signs)
      findings.refuse(['registration', 'revoked_id_keys', index], {
        problem: `is not below id_key, which is ${signs}`,
        fix: `write id_key: ${item + 1}, so that another key makes ids from now on`,
      });
  const numbers = [...new Set(revoked.map(({ item }) => item))];
  const living = signs - numbers.filter((number) => number < signs).length;
  if (living > mostLiving)
    findings.refuse(['registration', 'id_key'], {
      problem: `means that ${living} keys verify ids, and more than ${mostLiving} take too long`,
      fix: 'add the oldest numbers to revoked_id_keys; their clients register anew',
    });
  return { idKey: signs, revokedIdKeys: numbers.toSorted((one, other) => one - other) };
}
