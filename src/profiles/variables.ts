/**
 * Names of what operators fill in. Profiles share them: a file that is moved from one provider to another keeps its words.
 */
export const variableNames = {
  account: 'Identifier of the account.',
  app: 'Kind of registration at the provider.',
  application: 'Slug of the application.',
  audience: 'The API that access tokens are for.',
  authorization_server: 'Id of an authorization server of the provider.',
  domain: 'Host of the provider, without https://.',
  environment: 'Id of the environment.',
  hosted_domain: 'Domain whose accounts are to sign in.',
  product: 'Which of the provider’s products is signed in to.',
  realm: 'Name of the realm.',
  region: 'Region of the cloud.',
  tenant: 'Id or word for the tenant.',
  url: 'Base address of the provider, without a slash at the end.',
  user_pool: 'Id of the user pool.',
  version: 'Version of the provider’s endpoints.',
  workspace: 'Where people are to sign in, when they have several.',
} as const;

/** A variable's name. */
export type VariableName = keyof typeof variableNames;
