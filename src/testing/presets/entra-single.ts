import { aliceTenant as tenant } from '../users.ts';
import { entraDocumentation, entraQuirks } from './entra.ts';
import { docs } from './preset.ts';
import type { Preset } from './preset.ts';

/** Microsoft Entra ID, one tenant. */
export const entraSingle: Preset = {
  documentation: entraDocumentation,
  quirks: { ...entraQuirks(tenant), onlyTenant: docs(tenant) },
};
