import type { OurSections } from './schema.ts';

/** Names of our own top-level sections. A file with none of them is ToolHive's. */
export const ourSections: readonly string[] = Object.keys({
  session_lifespan: 0,
  refresh_grace: 0,
  identity_max_age: 0,
  refresh_token_policy: 0,
  sign_in: 0,
  default_resource: 0,
  scope_descriptions: 0,
  scopes: 0,
  listen: 0,
  proxy: 0,
  access: 0,
  access_contact: 0,
  consent: 0,
  clients: 0,
  registration: 0,
  blocked: 0,
  limits: 0,
  cors: 0,
  observe: 0,
  admin: 0,
  shutdown: 0,
  key_activation_delay: 0,
  retired_secret_grace: 0,
} satisfies Record<keyof OurSections, 0>);
