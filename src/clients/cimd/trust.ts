import type { CimdConfig } from '../../config/cimd.ts';
import { matchesHost } from '../../config/host-pattern.ts';
import { knownDocumentHosts } from '../../known-clients/known-clients.ts';
import { isLoopbackHost } from '../../net/addresses.ts';
import type { ClientProblem } from '../client-problem.ts';
import { refusedDocument } from './problems.ts';

/** Whether the operator, or we, have named a host. */
export function isNamed(host: string, { allowHosts }: Pick<CimdConfig, 'allowHosts'>): boolean {
  return matchesHost(host, allowHosts) || knownDocumentHosts.has(host);
}

/** Whether a document of a host that nobody has named is taken when somebody whom the operator believes vouches for it. */
export function mayBeAttested(host: string, { trust, denyHosts }: CimdConfig): boolean {
  return trust === 'attested' && !matchesHost(host, denyHosts);
}

/**
 * Whether clients of a host are wanted for the host's sake, by today's configuration; `null`: they are. A denial counts before everything else.
 * @param host as `URL.hostname` has it
 */
export function checkTrust(host: string, config: CimdConfig): ClientProblem | null {
  if (matchesHost(host, config.denyHosts)) return refusedDocument(`whoever runs it has blocked ${host}`);
  if (config.trust === 'any' || matchesHost(host, config.allowHosts)) return null;
  if (config.allowLoopback && isLoopbackHost(host)) return null;
  if (config.trust === 'known' && knownDocumentHosts.has(host)) return null;
  return refusedDocument(`${host} is not among the hosts that whoever runs it has allowed`);
}
