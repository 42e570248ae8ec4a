import { describe, expect, it } from 'vitest';
import { people } from '../../examples/demo/accounts.ts';
import type { BannerView } from '../../examples/demo/banner.ts';
import { renderBanner } from '../../examples/demo/banner.ts';

const view: BannerView = {
  gatewayUrl: 'http://localhost:8080',
  providerUrl: 'http://localhost:8081',
  mcpServerUrl: 'http://localhost:40000',
  people,
  stateDirectory: '/home/me/.sallyport',
  colors: false,
};

/** The line that follows the one with this beginning. */
function lineAfter(start: string): string {
  const lines = renderBanner(view).split('\n');
  return lines[lines.findIndex((line) => line.trim().startsWith(start)) + 1]?.trim() ?? '';
}

describe('the banner', () => {
  it('says what runs, where things are kept and who can sign in', () => {
    const text = renderBanner(view);
    expect(text).toMatch(/MCP endpoint +http:\/\/localhost:8080\/mcp/);
    expect(text).toMatch(/MCP server +http:\/\/localhost:40000\/mcp/);
    expect(text).toMatch(/Identity provider +http:\/\/localhost:8081 +alice or bob, one click, no passwords/);
    expect(text).toContain('/home/me/.sallyport');
    expect(text).toContain('Ctrl-C');
  });

  it('has the exact line for each client', () => {
    expect(lineAfter('Claude Code')).toBe(
      'claude mcp add --transport http sallyport-demo http://localhost:8080/mcp',
    );
    expect(lineAfter('MCP Inspector')).toContain('--transport http --server-url http://localhost:8080/mcp');
    expect(lineAfter('mcp-remote')).toBe('npx mcp-remote http://localhost:8080/mcp --allow-http');
    expect(lineAfter('No client')).toBe('npm run try');
  });

  it('has configuration for VS Code and Cursor that parses', () => {
    const [, vsCode = ''] = /^code --add-mcp '(.*)'$/.exec(lineAfter('VS Code')) ?? [];
    expect(JSON.parse(vsCode)).toEqual({
      name: 'sallyport-demo',
      type: 'http',
      url: 'http://localhost:8080/mcp',
    });
    expect(JSON.parse(lineAfter('Cursor'))).toEqual({
      mcpServers: { 'sallyport-demo': { url: 'http://localhost:8080/mcp' } },
    });
  });

  it('colours only where colours are shown', () => {
    expect(renderBanner(view)).not.toContain('\u001B');
    expect(renderBanner({ ...view, colors: true })).toContain('\u001B[1m');
  });
});
