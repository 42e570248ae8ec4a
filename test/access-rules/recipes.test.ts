import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { explainAccess } from '../../src/upstream/access/explain.ts';

interface Recipe {
  readonly title: string;
  readonly config: Record<string, unknown>;
  readonly letsIn: Record<string, unknown>;
  readonly turnsAway: Record<string, unknown>;
}

const pattern =
  /^```yaml\n([\s\S]*?)^```\n\nLets in:\n\n```json\n([\s\S]*?)^```\n\nTurns away:\n\n```json\n([\s\S]*?)^```/gmu;

const page = readFileSync('docs/access.md', 'utf8');

const recipes: readonly Recipe[] = [...page.matchAll(pattern)].map(
  ([whole, yaml = '', letsIn = '', turnsAway = '']) => ({
    title:
      page
        .slice(0, page.indexOf(whole))
        .match(/^#+ .*$/gmu)
        ?.at(-1) ?? '',
    config: parse(yaml) as Record<string, unknown>,
    letsIn: JSON.parse(letsIn) as Record<string, unknown>,
    turnsAway: JSON.parse(turnsAway) as Record<string, unknown>,
  }),
);

const rest = {
  issuer: 'https://mcp.example.com',
  allowed_audiences: ['https://mcp.example.com/mcp'],
  upstreams: [{ type: 'oidc', oidc_config: { issuer_url: 'https://idp.example.com', client_id: 'x' } }],
};

describe('the recipes of docs/access.md', () => {
  it('are all found', () => {
    expect(recipes).toHaveLength(6);
    expect([...page.matchAll(/^Lets in:/gmu)]).toHaveLength(6);
  });

  it.each(recipes)('$title: lets in and turns away whom it says', async ({ config, letsIn, turnsAway }) => {
    const io = { env: {}, readFile: () => Promise.reject(new Error('no files')) };
    const resolved = await resolveRunConfig({ ...rest, ...config }, io);
    expect((await explainAccess(resolved, { claims: letsIn })).decision).toMatchObject({ allowed: true });
    expect((await explainAccess(resolved, { claims: turnsAway })).decision).toMatchObject({ allowed: false });
    expect(resolved.warnings.filter((warning) => warning.includes('access'))).toEqual([]);
  });
});
