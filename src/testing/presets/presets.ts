import { atlassian } from './atlassian.ts';
import { auth0 } from './auth0.ts';
import { authentik } from './authentik.ts';
import { cognito } from './cognito.ts';
import { dex } from './dex.ts';
import { discord } from './discord.ts';
import { entraMulti } from './entra-multi.ts';
import { entraSingle } from './entra-single.ts';
import { entraV1 } from './entra-v1.ts';
import { githubApp } from './github-app.ts';
import { githubOauthApp } from './github-oauth-app.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { hydra } from './hydra.ts';
import { keycloak } from './keycloak.ts';
import { linear } from './linear.ts';
import { notion } from './notion.ts';
import { oktaCustom } from './okta-custom.ts';
import { oktaOrg } from './okta-org.ts';
import { ping } from './ping.ts';
import { plainOauth2 } from './plain-oauth2.ts';
import { plainOidc } from './plain-oidc.ts';
import { salesforce } from './salesforce.ts';
import { slack } from './slack.ts';
import { slackOpenid } from './slack-openid.ts';
import { snowflake } from './snowflake.ts';
import { zitadel } from './zitadel.ts';
import type { Preset } from './preset.ts';

/** Names of the presets. */
export type PresetName =
  | 'atlassian'
  | 'auth0'
  | 'authentik'
  | 'cognito'
  | 'dex'
  | 'discord'
  | 'entra-multi'
  | 'entra-single'
  | 'entra-v1'
  | 'github-app'
  | 'github-oauth-app'
  | 'gitlab'
  | 'google'
  | 'hydra'
  | 'keycloak'
  | 'linear'
  | 'notion'
  | 'okta-custom'
  | 'okta-org'
  | 'ping'
  | 'plain-oauth2'
  | 'plain-oidc'
  | 'salesforce'
  | 'slack'
  | 'slack-openid'
  | 'snowflake'
  | 'zitadel';

/** Every provider that the simulator can be. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  atlassian,
  auth0,
  authentik,
  cognito,
  dex,
  discord,
  'entra-multi': entraMulti,
  'entra-single': entraSingle,
  'entra-v1': entraV1,
  'github-app': githubApp,
  'github-oauth-app': githubOauthApp,
  gitlab,
  google,
  hydra,
  keycloak,
  linear,
  notion,
  'okta-custom': oktaCustom,
  'okta-org': oktaOrg,
  ping,
  'plain-oauth2': plainOauth2,
  'plain-oidc': plainOidc,
  salesforce,
  slack,
  'slack-openid': slackOpenid,
  snowflake,
  zitadel,
};
