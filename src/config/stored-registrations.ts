import type { Milliseconds } from '../types/time.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { RegistrationPolicyConfig } from './registration-policy.ts';
import type { Resolving } from './resolving.ts';

const usual = { storedFor: 90 * 86_400_000, maxStored: 10_000 };

/** A client that is asked less often than its users sign in anew would be forgotten. */
const leastStoredFor: Milliseconds = 86_400_000;

/** Reads whether registrations are kept, how long, and how many. */
export function resolveStored({
  config,
  findings,
}: Pick<Resolving, 'config' | 'findings'>): Pick<
  RegistrationPolicyConfig,
  'mode' | 'storedFor' | 'maxStored'
> {
  const section = config.registration ?? {};
  const mode = section.mode ?? 'stateless';
  for (const field of ['stored_for', 'max_stored'] as const)
    if (section[field] !== undefined && mode === 'stateless')
      findings.refuse(['registration', field], {
        problem: 'does nothing while registrations are not kept',
        fix: 'write mode: stored, or remove it',
      });
  if (mode === 'stored' && section.policy === 'off')
    findings.refuse(['registration', 'mode'], {
      problem: 'does nothing while registration is off',
      fix: 'remove it, or write another policy',
    });
  const storedFor =
    section.stored_for === undefined ? usual.storedFor : parseDuration(String(section.stored_for));
  if (storedFor < leastStoredFor)
    findings.refuse(['registration', 'stored_for'], {
      problem: `is shorter than ${formatDuration(leastStoredFor)}, and clients would be forgotten while people use them`,
      fix: 'write 24h or more',
    });
  return { mode, storedFor, maxStored: section.max_stored ?? usual.maxStored };
}
