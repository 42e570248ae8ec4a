import { describe, expect, it } from 'vitest';
import type { Recognisable } from '../../src/known-clients/recognise.ts';
import { recogniseClient, recognisedLabel, toleratedAt } from '../../src/known-clients/recognise.ts';

const registered = (name: string | null, more: Partial<Recognisable> = {}): Recognisable => ({
  id: 'sp_c1_x',
  source: 'dcr',
  name,
  softwareId: null,
  ...more,
});

const seen = (client: Recognisable, redirectUri: string): string => {
  const found = recogniseClient(client, redirectUri);
  return found ? `${found.row.id} ${found.standing} ${found.by}` : 'unknown';
};

const claude = 'https://claude.ai/api/mcp/auth_callback';
const cursorApp = 'cursor://anysphere.cursor-mcp/oauth/callback';
const loopback = 'http://localhost:8787/callback';

describe('a client whose code goes to its vendor', () => {
  it('is that vendor’s, whatever it calls itself', () => {
    for (const name of ['Claude', 'Cursor', 'My app', null])
      expect(seen(registered(name), claude)).toBe('claude verified callback');
  });

  it('may have an address for each connection', () => {
    expect(seen(registered('x'), 'https://chatgpt.com/connector/oauth/Ab_1-2')).toBe(
      'chatgpt verified callback',
    );
  });

  it('is so only where the whole address is the vendor’s', () => {
    for (const uri of [
      `${claude}/`,
      `${claude}?x=1`,
      `${claude}x`,
      'https://claude.ai.evil.example/api/mcp/auth_callback',
      'https://evil.example/claude.ai/api/mcp/auth_callback',
      'https://claude.ai@evil.example/api/mcp/auth_callback',
      'https://xn--clude-cub.ai/api/mcp/auth_callback',
      'https://claude.ai:8443/api/mcp/auth_callback',
      'https://chatgpt.com/connector/oauth/a/b',
      'https://chatgpt.com/connector/oauth/..',
      'https://chatgpt.com/connector/oauth/%2e%2e',
      'https://chatgpt.com/connector/oauth/a?to=https://evil.example',
      'https://chatgpt.com/connector/oauth/',
      'https://chatgpt.com/connector/oauth/a\n',
      'https://chatgptxcom/connector/oauth/a',
    ])
      expect([uri, seen(registered(null), uri)]).toEqual([uri, 'unknown']);
  });
});

describe('a client whose code goes through a place that anybody can use', () => {
  it('only looks like the one whose place it is', () => {
    expect(seen(registered(null), 'https://vscode.dev/redirect')).toBe('vscode claimed relay');
    expect(seen(registered(null), 'https://global.consent.azure-apim.net/redirect/evil-1')).toBe(
      'copilot-studio claimed relay',
    );
    expect(seen(registered(null), 'https://chat.example.com/api/mcp/files/oauth/callback')).toBe(
      'librechat claimed relay',
    );
    expect(seen(registered(null), cursorApp)).toBe('cursor claimed local');
  });
});

describe('a client that only says who it is', () => {
  it('looks like it on the user’s own computer', () => {
    expect(seen(registered('Cursor'), loopback)).toBe('cursor claimed name');
    expect(seen(registered('Claude Code (files)'), 'http://localhost:52341/callback')).toBe(
      'claude-code claimed name',
    );
    expect(
      seen(
        registered('My fork', { softwareId: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d' }),
        'http://localhost:3334/oauth/callback',
      ),
    ).toBe('mcp-remote claimed software_id');
  });

  it('is told from another of the same name by its address', () => {
    expect(seen(registered('MCP Inspector'), 'http://localhost:6274/oauth/callback/debug')).toBe(
      'inspector-1 claimed name',
    );
    expect(seen(registered('MCP Inspector'), 'http://127.0.0.1:6276/oauth/callback')).toBe(
      'inspector-2 claimed name',
    );
  });

  it('is contradicted by an address that is not one of its kind', () => {
    for (const [name, uri] of [
      ['Claude', 'https://evil.example/api/mcp/auth_callback'],
      ['Claude', loopback],
      ['Cursor', 'https://cursor.evil.example/agents/mcp/oauth/callback'],
      ['Cursor', 'evil-app://anysphere.cursor-mcp/oauth/callback'],
      ['ChatGPT', 'https://chatgpt.com.evil.example/connector/oauth/a'],
    ] as const)
      expect([uri, seen(registered(name), uri)]).toEqual([
        uri,
        expect.stringMatching(/ contradicted name$/u),
      ]);
  });

  it('is nobody when its name only resembles one', () => {
    for (const name of [
      'Сlaude',
      'claude',
      'Claude ',
      'Claude\u200b',
      'ＣＬＡＵＤＥ',
      'Claude Code',
      'a Claude Code (x',
    ])
      expect([name, seen(registered(name), 'https://evil.example/cb')]).not.toEqual([
        name,
        expect.stringMatching(/verified|claimed/u),
      ]);
    expect(seen(registered('Сlaude'), loopback)).toBe('unknown');
  });
});

describe('a client that is described by a document', () => {
  const described = (id: string, name = 'Claude'): Recognisable => registered(name, { id, source: 'cimd' });

  it('is who publishes it', () => {
    expect(seen(described('https://claude.ai/oauth/claude-code-client-metadata', 'x'), loopback)).toBe(
      'claude-code verified document',
    );
    expect(seen(described('https://chatgpt.com/oauth/abc/client.json'), loopback)).toBe(
      'chatgpt verified document',
    );
    expect(seen(described('https://chatgpt.com/oauth/codex/client.json'), loopback)).toBe(
      'codex verified document',
    );
  });

  it('is nobody whom it names or whose addresses it lists', () => {
    expect(seen(described('https://evil.example/oauth/mcp-oauth-client-metadata'), claude)).toBe('unknown');
    expect(seen(described('https://claude.ai.evil.example/oauth/mcp-oauth-client-metadata'), claude)).toBe(
      'unknown',
    );
    expect(seen(described('https://claude.ai:8443/oauth/mcp-oauth-client-metadata'), claude)).toBe('unknown');
  });
});

it('a client that the operator configured is known by its address, and never doubted', () => {
  expect(seen(registered('Claude', { source: 'static' }), claude)).toBe('claude verified callback');
  expect(seen(registered('Claude', { source: 'static' }), 'https://other.example/cb')).toBe('unknown');
});

it('labels say how sure they are', () => {
  const label = (name: string, uri: string): string => {
    const found = recogniseClient(registered(name), uri);
    return found ? recognisedLabel(found) : '';
  };
  expect(label('x', claude)).toBe('Claude');
  expect(label('Cursor', loopback)).toBe('looks like Cursor (unverified)');
  expect(label('Claude', 'https://evil.example/cb')).toBe('calls itself Claude, but uses another address');
});

it('habits that only some may have are tolerated at their vendor’s own address, and nowhere else', () => {
  const perplexity = 'https://www.perplexity.ai/rest/connections/oauth_callback';
  expect(toleratedAt(perplexity, 'secret_with_none')).toBe(true);
  expect(toleratedAt(`${perplexity}/`, 'secret_with_none')).toBe(false);
  expect(toleratedAt(claude, 'secret_with_none')).toBe(false);
  expect(toleratedAt('https://vscode.dev/redirect', 'several_redirect_uris')).toBe(false);
  expect(toleratedAt('not a uri', 'secret_with_none')).toBe(false);
});
