import type { OAuth2UpstreamConfig, OidcUpstreamConfig, UpstreamConfig } from '../../src/config/config.ts';
import { resolve, runConfig } from '../run-config/fixture.ts';
import type { Json, Surroundings } from '../run-config/fixture.ts';

/** A configuration with one upstream. */
export function withUpstream(upstream: Json): Json {
  return runConfig({ upstreams: [{ client_id: 'sallyport', ...upstream }] });
}

/** The upstream of {@link withUpstream}, resolved. */
export async function upstreamOf(upstream: Json, surroundings?: Surroundings): Promise<UpstreamConfig> {
  const { upstreams } = await resolve(withUpstream(upstream), surroundings);
  const [only] = upstreams;
  if (!only) throw new Error('there is no upstream');
  return only;
}

/** One of the type `oidc`. */
export async function oidcOf(upstream: Json, surroundings?: Surroundings): Promise<OidcUpstreamConfig> {
  const config = await upstreamOf(upstream, surroundings);
  if (config.type !== 'oidc') throw new Error('it is not of the type oidc');
  return config;
}

/** One of the type `oauth2`. */
export async function oauth2Of(upstream: Json, surroundings?: Surroundings): Promise<OAuth2UpstreamConfig> {
  const config = await upstreamOf(upstream, surroundings);
  if (config.type !== 'oauth2') throw new Error('it is not of the type oauth2');
  return config;
}
