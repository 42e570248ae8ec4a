/** Where the parts of the demo are. */
export interface DemoPlaces {
  /** `http://localhost:<port>` of the gateway: its issuer. */
  readonly gatewayPort: number;
  readonly providerUrl: string;
  /** Base of the MCP server; the endpoint is `/mcp`. */
  readonly mcpServerUrl: string;
  readonly clientId: string;
  /** Holds the secret that the gateway shares with the provider. */
  readonly clientSecretFile: string;
  readonly databaseFile: string;
}

/** The gateway's issuer in the demo. */
function demoIssuer(port: number): string {
  return `http://localhost:${port}`;
}

/** Where the demo provider sends people back to. */
export function demoRedirectUri(port: number): string {
  return `${demoIssuer(port)}/oauth/callback`;
}

/** The `RunConfig` of the demo: what somebody would write into `sallyport.yaml`. */
export function demoRunConfig(places: DemoPlaces): Readonly<Record<string, unknown>> {
  return {
    schema_version: 'v0.1.0',
    issuer: demoIssuer(places.gatewayPort),
    upstreams: [
      {
        name: 'demo',
        type: 'oidc',
        display_name: 'Demo identity provider',
        oidc_config: {
          issuer_url: places.providerUrl,
          client_id: places.clientId,
          client_secret_file: places.clientSecretFile,
          redirect_uri: demoRedirectUri(places.gatewayPort),
          scopes: ['openid', 'profile', 'email', 'offline_access'],
        },
      },
    ],
    listen: { host: '127.0.0.1', port: places.gatewayPort },
    proxy: [{ path: '/mcp', target: `${places.mcpServerUrl}/mcp` }],
    // The demo's provider knows two people, and both are welcome.
    access: 'anyone',
    consent: { name: 'Sallyport demo', color: '#3b5bdb' },
    storage: { type: 'sqlite', sqlite: { path: places.databaseFile } },
  };
}
