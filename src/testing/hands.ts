import { revokeGrants } from './ledger.ts';
import type { ProviderSimulator } from './provider-simulator.ts';
import { signIn } from './sign-in.ts';
import type { Simulation } from './simulation.ts';
import { findUser } from './users.ts';

/** What a test can do to a provider that needs no listener. */
export function handsOf(
  simulation: Simulation,
): Pick<
  ProviderSimulator,
  | 'addClient'
  | 'forgetClients'
  | 'forgeNextIdToken'
  | 'rotateKeys'
  | 'signInAs'
  | 'signIn'
  | 'revokeUser'
  | 'expireTokens'
> {
  const { ledger, users, clients } = simulation;
  return {
    addClient: (client) => void clients.set(client.client_id, client),
    forgetClients: (clientId) => void (clientId === undefined ? clients.clear() : clients.delete(clientId)),
    forgeNextIdToken: (forgery) => (simulation.forgery = forgery),
    rotateKeys: (options) => simulation.keys.rotate(options),
    signInAs: (login) => (simulation.signedIn = login === null ? null : findUser(users, login)),
    signIn: async (authorizationUrl, login) => await signIn(authorizationUrl, findUser(users, login).login),
    revokeUser: (login) => revokeGrants(ledger, (grant) => grant.user.login === login),
    expireTokens: ({ refreshTokens = false } = {}) => {
      const ended = [
        ...ledger.accessTokens.values(),
        ...(refreshTokens ? ledger.refreshTokens.values() : []),
      ];
      for (const record of ended) record.expiresAt = simulation.clock();
    },
  };
}
