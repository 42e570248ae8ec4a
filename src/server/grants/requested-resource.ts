import { chooseResource } from '../../oauth/resource.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import type { ServerContext } from '../context.ts';

/**
 * `resource` at the token endpoint (RFC 8707 §2.2); `null` when absent. It never widens what was granted.
 * @throws {OAuthError} `invalid_target`
 */
export function requestedResource({ config }: ServerContext, parameters: Parameters): string | null {
  const requested = parameters.all('resource');
  return requested.length === 0 ? null : chooseResource(requested, config);
}
