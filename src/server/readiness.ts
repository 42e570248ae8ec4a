import { identifyingUpstreams } from '../config/sign-in.ts';
import type { ServerContext } from './context.ts';

/** What `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean;
  /** Why logins do not work right now. */
  readonly problems: readonly string[];
  /** What works, but an operator should change. */
  readonly warnings: readonly string[];
}

/** Asks the store and the upstream's client. Never rejects. */
export async function readiness(context: ServerContext): Promise<Readiness> {
  const { store, config, keys, observer } = context;
  const storage = await store.health().then(
    () => [],
    (error: unknown) => [`storage: ${error instanceof Error ? error.message : 'does not answer'}`],
  );
  const { down, warnings: upstreams } = upstreamsOf(context);
  const problems = [...storage, ...down];
  const trouble = context.clientDocuments.documents.trouble();
  const documents =
    trouble === null
      ? []
      : [`documents of clients cannot be fetched, and clients are told that they may use them: ${trouble}`];
  const ephemeral = keys.ephemeral
    ? ['the signing key is ephemeral: access tokens end with this process']
    : [];
  const missed = context.missedKeys
    .filter(({ until }) => until > context.clock())
    .map(
      ({ name, until }) =>
        `signing key ${name} was taken away, and tokens that it signed may live until ${new Date(until).toISOString()}: ` +
        'put its file back among the fallbacks until then, unless it leaked',
    );
  return {
    ready: problems.length === 0,
    problems,
    warnings: [
      ...config.warnings,
      ...upstreams,
      ...documents,
      ...ephemeral,
      ...missed,
      ...observer.problems(),
    ],
  };
}

/** One of several to choose from may be down: the others go on. In a chain each is needed. */
function upstreamsOf({ config, providers, signIn }: ServerContext): {
  readonly down: readonly string[];
  readonly warnings: readonly string[];
} {
  const identifying = new Set(identifyingUpstreams(config).map(({ name }) => name));
  const problems = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, provider] of providers) {
    const problem = provider.notReady();
    if (problem !== null) problems.set(name, `upstream ${name}: ${problem}`);
    const asked = typeof config.access !== 'string' && identifying.has(name);
    if (asked && problem === null && !provider.renewable)
      warnings.push(
        `upstream ${name} cannot be asked about a user again: sign-ins end after identity_max_age`,
      );
    const refusal = provider.misconfiguration();
    // Whoever is signed in goes on: that is no reason to send requests elsewhere, where the same secret is wrong too.
    if (refusal !== null) warnings.push(`upstream ${name} refuses us: ${refusal}`);
  }
  const needed = signIn.flatMap(({ name }) => problems.get(name) ?? []);
  const enough = config.signIn === 'choose' && needed.length < signIn.length;
  const down = enough ? [] : needed;
  return { down, warnings: [...[...problems.values()].filter((one) => !down.includes(one)), ...warnings] };
}
