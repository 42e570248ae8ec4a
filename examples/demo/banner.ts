import type { DemoPerson } from './accounts.ts';

/** What the banner tells. */
export interface BannerView {
  /** Without a trailing slash, like the others. */
  readonly gatewayUrl: string;
  readonly providerUrl: string;
  readonly mcpServerUrl: string;
  readonly people: readonly DemoPerson[];
  readonly stateDirectory: string;
  /** Whether the terminal shows colours. */
  readonly colors: boolean;
}

interface Ink {
  bold(text: string): string;
  dim(text: string): string;
}

function inkFor(colors: boolean): Ink {
  const paint = (code: number) => (text: string) => (colors ? `\u001B[${code}m${text}\u001B[0m` : text);
  return { bold: paint(1), dim: paint(2) };
}

/** How each client is told about the server, in its own words. */
function recipes(endpoint: string): readonly string[] {
  const name = 'sallyport-demo';
  const vsCode = JSON.stringify({ name, type: 'http', url: endpoint });
  const cursor = JSON.stringify({ mcpServers: { [name]: { url: endpoint } } });
  return [
    `Claude Code
    claude mcp add --transport http ${name} ${endpoint}
    then type /mcp in a session and sign in`,
    `VS Code
    code --add-mcp '${vsCode}'`,
    `Cursor, in ~/.cursor/mcp.json
    ${cursor}`,
    `MCP Inspector
    npx @modelcontextprotocol/inspector@2 --web --transport http --server-url ${endpoint}`,
    `mcp-remote, for clients that only start programs
    npx mcp-remote ${endpoint} --allow-http`,
    `No client at hand? Watch a whole sign-in, step by step
    npm run try`,
  ];
}

/** The text that greets whoever started the demo: what runs, who can sign in, and how to connect. */
export function renderBanner(view: BannerView): string {
  const ink = inkFor(view.colors);
  const row = (label: string, value: string, remark: string): string =>
    `  ${label.padEnd(20)}${value.padEnd(32)}${ink.dim(remark)}`;
  const endpoint = `${view.gatewayUrl}/mcp`;
  return [
    '',
    `  ${ink.bold('Sallyport is up.')} People sign in with a provider they have; MCP clients just connect.`,
    '',
    row('MCP endpoint', endpoint, 'the gateway: give this to a client'),
    row('MCP server', `${view.mcpServerUrl}/mcp`, 'behind it, unmodified, without any sign-in'),
    row(
      'Identity provider',
      view.providerUrl,
      `${view.people.map(({ id }) => id).join(' or ')}, one click, no passwords`,
    ),
    row('State', view.stateDirectory, 'delete it to start afresh'),
    '',
    `  ${ink.bold('Connect')}`,
    ...recipes(endpoint).map((recipe) => `\n  ${recipe}`),
    '',
    `  ${ink.dim('Ctrl-C stops everything.')}`,
    '',
  ].join('\n');
}
