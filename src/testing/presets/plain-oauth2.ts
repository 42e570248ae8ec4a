import { docs } from './preset.ts';
import type { Preset } from './preset.ts';

/** OAuth 2.0 as written: no metadata, no ID token; who the user is, an endpoint tells. */
export const plainOauth2: Preset = {
  documentation: ['https://www.rfc-editor.org/rfc/rfc6749'],
  quirks: {
    protocol: docs('oauth2'),
    discovery: docs('none'),
  },
};
