/**
 * `sallyport/testing`: an identity provider for tests, with the habits of the one you have. Needs nothing but Node and
 * jose. See docs/testing.md.
 */
export type { SimulatedClient } from './clients.ts';
export { defaultClient } from './clients.ts';
export type { Failure, FailureOptions } from './faults.ts';
export type { Forgery } from './keys.ts';
export type { ReusedToken } from './ledger.ts';
export type { Fact, Preset, Verified } from './presets/preset.ts';
export type { PresetName } from './presets/presets.ts';
export { presets } from './presets/presets.ts';
export type { EndpointName } from './quirks/addresses.ts';
export type { Quirks } from './quirks/quirks.ts';
export { plainQuirks } from './quirks/quirks.ts';
export type { ProviderSimulator, SimulatedCall, SimulatorOptions } from './provider-simulator.ts';
export { createProviderSimulator } from './simulator.ts';
export type { SimulatedUser } from './users.ts';
export { defaultUsers } from './users.ts';
