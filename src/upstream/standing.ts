import type { Clock, Milliseconds } from '../types/time.ts';
import type { ProviderDeps } from './upstream-http.ts';
import { UpstreamError } from './provider.ts';
import type { TokenAnswer } from './token-answer.ts';

/** What is asked at a token endpoint. */
export type TokenCall = 'exchange' | 'refresh';

/** What a provider thinks of our client, as far as it has told. */
export interface Standing {
  /** What is wrong with our configuration, with its fix; `null` when nothing is known. */
  problem(): string | null;
  /** Throws {@link UpstreamError} `misconfigured` when the provider refused our client a moment ago, whoever the user. */
  checkBefore(call: TokenCall): void;
  /** Takes note. A refusal of our client or request becomes one log line and one event, until something changes. */
  heard(call: TokenCall, answer: TokenAnswer): void;
}

/** How long a provider that does not accept our client is left alone with refreshes; a sign-in asks always. */
const pause: Milliseconds = 30_000;

/** After which a refusal of some requests, while others pass, is told again: whoever has it may ask often. */
const reminder: Milliseconds = 3_600_000;

/** Problems that are remembered as told; a provider that makes up ever new ones is told about again. */
const mostTold = 100;

interface Noted {
  readonly problem: string;
  readonly code: string;
  readonly client: boolean;
  readonly at: Milliseconds;
}

export function createStanding(
  upstream: string,
  { clock, log, onMisconfigured }: ProviderDeps & { readonly clock: Clock },
): Standing {
  const noted = new Map<TokenCall, Noted>();
  const told = new Map<string, Milliseconds>();
  const isNew = (problem: string, client: boolean): boolean => {
    if ([...noted.values()].some((one) => one.problem === problem)) return false;
    return client || Math.abs(clock() - (told.get(problem) ?? Number.NEGATIVE_INFINITY)) >= reminder;
  };
  const note = (call: TokenCall, { problem, means, error }: Extract<TokenAnswer, { r: 'error' }>): void => {
    const { client } = means;
    const fresh = isNew(problem, client);
    noted.set(call, { problem, code: error, client, at: clock() });
    if (!fresh) return;
    if (told.size >= mostTold) told.clear();
    told.set(problem, clock());
    log.error({ upstream, problem }, 'the provider refuses our configuration; nobody is signed out for that');
    onMisconfigured?.(problem);
  };
  const accepted = (call: TokenCall): void => {
    for (const [other, { client }] of noted) if (client || other === call) noted.delete(other);
  };
  return {
    problem: () => [...noted.values()][0]?.problem ?? null,
    checkBefore(call) {
      if (call === 'exchange') return;
      const refused = [...noted.values()].find(({ client, at }) => client && Math.abs(clock() - at) < pause);
      if (!refused) return;
      const { problem, code } = refused;
      throw new UpstreamError('misconfigured', upstream, problem, { code });
    },
    heard(call, answer) {
      if (answer.r === 'ok') accepted(call);
      else if (answer.means.failure === 'misconfigured') note(call, answer);
    },
  };
}
