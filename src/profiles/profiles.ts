import { atlassian } from './atlassian.ts';
import { auth0 } from './auth0.ts';
import { authentik } from './authentik.ts';
import { cognito } from './cognito.ts';
import { dex } from './dex.ts';
import { discord } from './discord.ts';
import { entra } from './entra.ts';
import { genericOauth2 } from './generic-oauth2.ts';
import { genericOidc } from './generic-oidc.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { hydra } from './hydra.ts';
import { keycloak } from './keycloak.ts';
import { linear } from './linear.ts';
import { notion } from './notion.ts';
import { okta } from './okta.ts';
import { ping } from './ping.ts';
import type { Profile } from './profile.ts';
import { salesforce } from './salesforce.ts';
import { slack } from './slack.ts';
import { snowflake } from './snowflake.ts';
import { zitadel } from './zitadel.ts';

/** Every provider that we know, by name; the generic ones last. */
export const profiles: ReadonlyMap<string, Profile> = new Map(
  [
    atlassian,
    auth0,
    authentik,
    cognito,
    dex,
    discord,
    entra,
    github,
    gitlab,
    google,
    hydra,
    keycloak,
    linear,
    notion,
    okta,
    ping,
    salesforce,
    slack,
    snowflake,
    zitadel,
    genericOidc,
    genericOauth2,
  ].map((profile) => [profile.name, profile]),
);
