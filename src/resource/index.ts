/** `sallyport/resource`: protects resources of a host program with the tokens of an `AuthServer` in the same process. */
export type { AccessToken } from './access-token.ts';
export type { Authentication, ProtectedResource, ProtectedResourceOptions } from './protected-resource.ts';
export { createProtectedResource } from './protected-resource.ts';
export type { SessionCheck, Sessions } from './sessions.ts';
export type { AccessTokenVerifier } from './verify-access-token.ts';
