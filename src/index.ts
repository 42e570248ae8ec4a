/**
 * Sallyport: the OAuth 2.1 authorization server for MCP servers. `createEmbeddedAuthServer` is the way in;
 * `createAuthServer` is for those who bring a resolved configuration and a store.
 */
export type { Config } from './config/config.ts';
export { ConfigError, resolveRunConfig } from './config/resolve.ts';
export type { ResolveIo } from './config/resolve.ts';
export type { RunConfig } from './config/schema.ts';
export type { FetchHandler } from './http/fetch.ts';
export { toFetchHandler } from './http/fetch.ts';
export type { NodeHandler } from './http/node.ts';
export { toNodeHandler } from './http/node.ts';
export type { AuditFunction } from './observe/audit/auditor.ts';
export type { AuditEvent, AuditEventName, AuditOutcome } from './observe/audit/event.ts';
export type { Log, LogFields } from './observe/log.ts';
export type { AuthServer, AuthServerOptions } from './server/auth-server.ts';
export type { SignedInPrincipal, UpstreamFilter } from './server/callback/chain.ts';
export type { EmbeddedAuthServer, EmbeddedOptions } from './server/embedded.ts';
export { createAuthServer, createEmbeddedAuthServer } from './server/create.ts';
export type { Readiness } from './server/readiness.ts';
export type { UpstreamAccess } from './server/upstream-access.ts';
export type { AuthStore } from './store/contract.ts';
export { createMemoryStore } from './store/memory.ts';
export type { ErrorCode } from './types/error.ts';
export { SallyportError } from './types/error.ts';
export { Secret } from './types/secret.ts';
export type { AccessDecision, KeyOutcome, RuleOutcome } from './upstream/access/decision.ts';
export type { AccessCase, AccessExplanation } from './upstream/access/explain.ts';
