import type { Preset } from './preset.ts';

/** OpenID Connect as written. */
export const plainOidc: Preset = {
  documentation: ['https://openid.net/specs/openid-connect-core-1_0.html'],
  quirks: {},
};
