import { describe, expect, it } from 'vitest';
import { Transcript, readableUrl, shorten } from '../../examples/demo/transcript.ts';

describe('the transcript', () => {
  it('cuts secrets to a few characters', () => {
    expect(shorten('sp_rt_abcdefghijklmnop')).toBe('sp_rt_ab…mnop');
    expect(shorten('short')).toBe('short');
  });

  it('shows addresses decoded, with codes, states and ids cut', () => {
    const url = new URL(
      'http://localhost:1/cb?code=sp_ac_0123456789xy&state=abcdefghijklmnopqr&iss=http%3A%2F%2Flocalhost',
    );
    expect(readableUrl(url)).toBe(
      'http://localhost:1/cb?code=sp_ac_01…89xy&state=abcdefgh…opqr&iss=http://localhost',
    );
    expect(readableUrl(new URL('http://localhost:1/mcp'))).toBe('http://localhost:1/mcp');
  });

  it('numbers its steps and indents what belongs to them', () => {
    const lines: string[] = [];
    const transcript = new Transcript((line) => lines.push(line));
    transcript.step('First');
    transcript.line('detail');
    transcript.step('Second');
    transcript.exchange('GET', new URL('http://localhost/x'), 200);
    expect(lines).toEqual(['\n 1. First', '    detail', '\n 2. Second', '    GET http://localhost/x → 200']);
  });
});
