import { entraDocumentation, entraQuirks } from './entra.ts';
import { reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Microsoft Entra ID, any tenant: metadata tells a template of the issuer. */
export const entraMulti: Preset = {
  documentation: entraDocumentation,
  quirks: {
    ...entraQuirks('organizations'),
    documentIssuer: reports('{origin}/{tenantid}/v2.0'),
    idTokenIssuer: reports('{origin}/{tid}/v2.0'),
  },
};
