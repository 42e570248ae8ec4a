/** What the gateway does not pass as a client, and why. One that passes, or fails otherwise, is stale and fails the test, unless it may. */
export interface Exception {
  /** Checks that fail. */
  readonly checks: readonly string[];
  readonly reason: string;
  /** It also passes: whether the suite has seen a retry depends on which answer came first. */
  readonly mayPass?: true;
}

const unprotected =
  'its server has no authorization at all: it is about what an MCP client makes of results, and the gateway hands them on';

export const exceptions: Readonly<Record<string, Exception>> = {
  'auth/scope-step-up': {
    checks: ['scope-step-up-escalation', 'sep-2350-scope-union-on-reauth'],
    reason:
      'a 403 of the MCP server is handed on as it is: which scopes are asked for there is said by the configuration, the ' +
      'challenge of a request without a token, or the metadata, and never by an answer to one user’s call',
  },
  'auth/2025-03-26-oauth-endpoint-fallback': {
    checks: ['client-registration', 'authorization-request', 'token-request'],
    reason: 'without metadata nothing says that the server takes PKCE with S256; endpoints are not guessed',
  },
  'http-custom-headers': {
    checks: [
      'sep-2243-client-supports-custom-headers',
      'sep-2243-client-mirrors-designated-params',
      'sep-2243-client-encode-values',
      'sep-2243-client-base64-unsafe',
      'sep-2243-client-omit-null',
    ],
    reason: unprotected,
  },
  'http-invalid-tool-headers': {
    checks: ['sep-2243-invalid-tool-tools-list-gate', 'sep-2243-client-reject-invalid-tool'],
    reason: unprotected,
  },
  'json-schema-ref-no-deref': { checks: ['sep-2106-no-network-ref-deref'], reason: unprotected },
  'request-metadata': {
    checks: ['sep-2575-client-retry-supported-version'],
    reason: unprotected,
    mayPass: true,
  },
  'sep-2322-client-request-state': {
    checks: [
      'sep-2322-client-request-state-echoed',
      'sep-2322-client-jsonrpc-id-different',
      'sep-2322-client-no-state-omitted',
      'sep-2322-client-parallel-isolation',
      'sep-2322-default-result-type-complete',
    ],
    reason: unprotected,
  },
};

const machines =
  'the gateway signs people in at MCP servers; it has no identity of its own there to be let in with';

/** Extensions of authorization that the gateway does not have as a client. A new one of the suite fails the test until it is here. */
export const notPlayed: Readonly<Record<string, string>> = {
  'auth/client-credentials-jwt': machines,
  'auth/client-credentials-basic': machines,
  'auth/wif-jwt-bearer': machines,
  'auth/enterprise-managed-authorization':
    'needs an identity provider that issues assertions for other servers (ID-JAG)',
  'auth/dpop': 'tokens of MCP servers are bearer tokens here; the extension is not final',
  'auth/dpop-nonce': 'tokens of MCP servers are bearer tokens here; the extension is not final',
};
