import { knownClients } from '../known-clients/known-clients.ts';
import { parseDuration } from './duration.ts';
import type { StaticClientConfig } from './config.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { Milliseconds } from '../types/time.ts';

/** When people are asked. */
export interface ConsentPolicy {
  /** How long a consent may be remembered; `null`: never. */
  readonly remember: Milliseconds | null;
  /** For clients that the operator wrote down, or also for those that proved their host. */
  readonly rememberClients: 'configured' | 'verified';
  /** Client ids, redirect URIs and names of known clients whose sign-in may go on without our cookie. */
  readonly withoutCookies: readonly string[];
}

const second: Milliseconds = 1000;
const longest: Milliseconds = 365 * 86_400_000;

/** What the policy goes along with. */
interface Surroundings {
  readonly clients: readonly StaticClientConfig[];
  readonly signIn: 'choose' | 'chain';
}

/** Reads when people are asked, of the section `consent` and of each client. */
export function resolveConsent(resolving: Resolving, { clients, signIn }: Surroundings): ConsentPolicy {
  const { config, findings } = resolving;
  const section = config.consent ?? {};
  const remember = rememberFor(resolving);
  if (remember === null && section.remember_clients !== undefined)
    findings.warn(['consent', 'remember_clients'], 'has no meaning: consent.remember is not there');
  for (const [index, { consent, authMethod }] of clients.entries()) {
    if (consent === 'remember' && remember === null)
      findings.refuse(['clients', index, 'consent'], {
        problem: 'is remember, and nothing may be remembered',
        fix: 'write how long under consent.remember, such as 720h',
      });
    if (consent === 'skip' && authMethod === 'none')
      findings.warn(
        ['clients', index, 'consent'],
        'is skip for a client without a secret: whoever leads its user here gets as far as the client does',
      );
  }
  const withoutCookies = itemsOf(section.without_cookies).map(({ item, index }) => {
    const known = clients.some(({ clientId }) => clientId === item);
    // Ids of clients that register themselves change with what they register; where their codes go does not.
    const row = knownClients.some(({ id }) => id === item);
    if (!known && !row && !URL.canParse(item))
      findings.refuse(['consent', 'without_cookies', index], {
        problem: 'is neither the id of a client here, nor the name of a known client, nor a URL',
        fix: 'write the id of one of the clients, a name such as perplexity, the URL of a metadata document, or a redirect URI',
      });
    return item;
  });
  const asked = itemsOf(config.upstreams).filter(({ item }) => item.when !== 'later');
  if (withoutCookies.length > 0 && signIn === 'chain' && asked.length > 1)
    findings.refuse(['consent', 'without_cookies'], {
      problem:
        'does not go with a sign-in at several upstreams, each of which could be ended by somebody else',
      fix: 'write sign_in: choose, or when: later at the other upstreams, or remove it',
    });
  return { remember, rememberClients: section.remember_clients ?? 'configured', withoutCookies };
}

function rememberFor({ config, findings }: Resolving): Milliseconds | null {
  const text = config.consent?.remember;
  const remember = text === undefined || text === 0 ? 0 : parseDuration(text);
  if (remember === 0) return null;
  if (remember >= second && remember <= longest) return remember;
  findings.refuse(['consent', 'remember'], {
    problem: remember < second ? 'is shorter than a second' : 'is longer than 365 days',
    fix: 'write a time between 1s and 8760h, such as 720h',
  });
  return null;
}
