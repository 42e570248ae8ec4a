import { describe, expect, it } from 'vitest';
import { createOriginPolicy } from '../../src/proxy/origins.ts';

const local = createOriginPolicy('http://localhost:8080', []);
const open = createOriginPolicy('https://mcp.example.com/tenant', ['https://app.example.net']);

describe('a server on loopback', () => {
  it.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '127.9.9.9', '[::1]:8080', 'LOCALHOST:1'])(
    'may be called as %s',
    (host) => {
      expect(local.admits({ host })).toBe(true);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '',
  ])('may not be called as "%s": a name that was pointed at it (DNS rebinding)', (host) => {
    expect(local.admits({ host })).toBe(false);
  });

  it('may not be called without a name', () => {
    expect(local.admits({})).toBe(false);
  });
});

describe('a public server', () => {
  it('is reached by programs, which have no origin, under whatever name a front proxy uses', () => {
    expect(open.admits({ host: 'inner:8080' })).toBe(true);
  });

  it.each(['https://mcp.example.com', 'https://app.example.net', 'http://localhost:3000', 'http://[::1]'])(
    'admits pages of %s',
    (origin) => {
      expect(open.admits({ host: 'mcp.example.com', origin })).toBe(true);
    },
  );

  it.each([
    'null',
    '',
    'https://mcp.example.com/',
    'https://mcp.example.com:8443',
    'https://mcp.example.com.evil.example',
    'https://sub.app.example.net',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://evil.example/localhost',
    'file://localhost',
    'chrome-extension://localhost',
  ])('refuses pages of "%s"', (origin) => {
    expect(open.admits({ host: 'mcp.example.com', origin })).toBe(false);
  });
});
