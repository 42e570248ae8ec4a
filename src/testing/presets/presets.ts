import { entraMulti } from './entra-multi.ts';
import { entraSingle } from './entra-single.ts';
import { entraV1 } from './entra-v1.ts';
import { githubApp } from './github-app.ts';
import { githubOauthApp } from './github-oauth-app.ts';
import { google } from './google.ts';
import { plainOauth2 } from './plain-oauth2.ts';
import { plainOidc } from './plain-oidc.ts';
import type { Preset } from './preset.ts';
import { slack } from './slack.ts';

/** Names of the presets. */
export type PresetName =
  | 'entra-multi'
  | 'entra-single'
  | 'entra-v1'
  | 'github-app'
  | 'github-oauth-app'
  | 'google'
  | 'plain-oauth2'
  | 'plain-oidc'
  | 'slack';

/** Every provider that the simulator can be. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  'entra-multi': entraMulti,
  'entra-single': entraSingle,
  'entra-v1': entraV1,
  'github-app': githubApp,
  'github-oauth-app': githubOauthApp,
  google,
  'plain-oauth2': plainOauth2,
  'plain-oidc': plainOidc,
  slack,
};
