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
  const { store, provider, config, keys, observer } = context;
  const storage = await store.health().then(
    () => [],
    (error: unknown) => [`storage: ${error instanceof Error ? error.message : 'does not answer'}`],
  );
  const upstream = provider.notReady();
  const problems = [...storage, ...(upstream === null ? [] : [`upstream ${provider.name}: ${upstream}`])];
  const asks = typeof config.access !== 'string' && upstream === null && !provider.renewable;
  const unasked = asks
    ? [`upstream ${provider.name} cannot be asked about a user again: sign-ins end after identity_max_age`]
    : [];
  const refusal = provider.misconfiguration();
  // Whoever is signed in goes on: that is no reason to send requests elsewhere, where the same secret is wrong too.
  const refused = refusal === null ? [] : [`upstream ${provider.name} refuses us: ${refusal}`];
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
    warnings: [...config.warnings, ...unasked, ...refused, ...ephemeral, ...missed, ...observer.problems()],
  };
}
