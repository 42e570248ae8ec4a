import { plainAddresses } from './addresses.ts';
import type { AddressQuirks } from './addresses.ts';
import { plainAuthorization } from './authorization.ts';
import type { AuthorizationQuirks } from './authorization.ts';
import { plainClients } from './clients.ts';
import type { ClientQuirks } from './clients.ts';
import { plainIdentity } from './identity.ts';
import type { IdentityQuirks } from './identity.ts';
import { plainRefresh } from './refresh.ts';
import type { RefreshQuirks } from './refresh.ts';
import { plainTokens } from './tokens.ts';
import type { TokenQuirks } from './tokens.ts';

/** Every switch of the simulator. */
export interface Quirks
  extends AddressQuirks, AuthorizationQuirks, TokenQuirks, RefreshQuirks, IdentityQuirks, ClientQuirks {}

/** A provider without quirks: OpenID Connect, OAuth 2.0 and their extensions as written. */
export const plainQuirks: Quirks = {
  ...plainAddresses,
  ...plainAuthorization,
  ...plainTokens,
  ...plainRefresh,
  ...plainIdentity,
  ...plainClients,
};
