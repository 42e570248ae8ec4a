import type { UpstreamProvider } from '../../upstream/provider.ts';
import type { ServerContext } from '../context.ts';

/** Where people sign in to the page: in a chain, the first upstream says who somebody is. */
export function waysIn({ config, signIn }: ServerContext): readonly UpstreamProvider[] {
  return config.signIn === 'chain' ? signIn.slice(0, 1) : signIn;
}

/** What pages call an upstream. */
export function upstreamName({ providers }: ServerContext, name: string): string {
  return providers.get(name)?.displayName ?? name;
}

/** The picture that the operator put beside an upstream's name. */
export function iconOf({ config }: ServerContext, name: string): string | null {
  return config.upstreams.find((upstream) => upstream.name === name)?.icon ?? null;
}
