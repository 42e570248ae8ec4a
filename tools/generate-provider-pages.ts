/** Writes docs/providers/ and the table of README.md: what is made of the profiles, around the paragraph that somebody wrote by hand. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Profile } from '../src/profiles/profile.ts';
import { profiles } from '../src/profiles/profiles.ts';

const begin = '<!-- made by tools/generate-provider-pages.ts -->';
const end = '<!-- end of what is made -->';
const folder = join(import.meta.dirname, '../docs/providers');
const readme = join(import.meta.dirname, '../README.md');
const redirectUri = 'https://mcp.example.com/oauth/callback';

/** Every page by its path, made anew; the words before and after what is made stay. */
export function providerPages(): ReadonlyMap<string, string> {
  const pages = [...profiles.values()].map((profile) => [pathOf(profile.name), page(profile)] as const);
  return new Map([...pages, [pathOf('README'), index()], [readme, readmePage()]]);
}

function readmePage(): string {
  const text = readFileSync(readme, 'utf8');
  const before = text.slice(0, text.indexOf(begin));
  return `${before}${begin}\n\n${providerTable('docs/providers/')}\n${text.slice(text.indexOf(end))}`;
}

function pathOf(name: string): string {
  return join(folder, `${name}.md`);
}

function page(profile: Profile): string {
  const path = pathOf(profile.name);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  const before = from < 0 ? `# ${profile.title}\n\n` : text.slice(0, from);
  const after = to < 0 ? `${end}\n` : text.slice(to);
  const parts = [
    profile.about,
    `## Configuration\n\n\`\`\`yaml\n${example(profile)}\`\`\``,
    variables(profile),
    setUp(profile),
    settings(profile),
    refreshTokens(profile),
    list('Known limits', profile.limits),
    list(
      'Not settled by public documentation',
      profile.unverified.map(({ what, note }) => `\`${what}\`: ${note}`),
    ),
    list(
      'The provider’s own documentation',
      profile.documentation.map((url) => `<${url}>`),
    ),
  ];
  return `${before}${begin}\n\n${parts.filter((part) => part !== '').join('\n\n')}\n\n${after}`;
}

/** A whole configuration; a test reads it. */
function example({ name, variables: all, example: { access, settings: more } }: Profile): string {
  const needed = Object.entries(all).filter(([, { usual, optional }]) => usual === undefined && !optional);
  const upstream = {
    name,
    profile: name,
    ...Object.fromEntries(needed.map(([variable, { example: value }]) => [variable, value])),
    client_id: 'your-client-id',
    client_secret_file: `/run/secrets/${name}-client-secret`,
    ...more,
  };
  return stringify({
    issuer: 'https://mcp.example.com',
    upstreams: [upstream],
    access: [access],
    proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9000/mcp' }],
  });
}

function variables({ variables: all }: Profile): string {
  const rows = Object.entries(all).map(
    ([name, { about, example: value, usual, optional }]) =>
      `| \`${name}\` | ${usual === undefined ? (optional ? 'optional' : 'required') : `\`${usual}\``} | \`${value}\` | ${cell(about)} |`,
  );
  if (rows.length === 0) return '';
  return `## Variables\n\n| Variable | Default | Example | What it is |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
}

function setUp({ setUp: { at, steps } }: Profile): string {
  const lines = steps.map((step, place) => `${place + 1}. ${step.replaceAll('{redirect_uri}', redirectUri)}`);
  return (
    `## What to set up there\n\nAt ${at}:\n\n${lines.join('\n')}\n\n` +
    'The redirect URI is the issuer of your configuration with `/oauth/callback` – with several upstreams `/oauth/callback/NAME`; `sallyport config check FILE` prints yours.'
  );
}

function settings({ settings: own, variants = [] }: Profile): string {
  const groups = [{ about: 'Always', settings: own }, ...variants];
  const rows = groups.flatMap(({ about, settings: said }) =>
    leaves(said).map(([setting, value]) => `| ${about} | \`${setting}\` | \`${cell(value)}\` |`),
  );
  return (
    '## What the profile says\n\nEach of these can be written beside `profile`, in the same words, and then counts instead. ' +
    '`sallyport config explain` shows what is in force.\n\n' +
    `| When | Setting | Value |\n| --- | --- | --- |\n${rows.join('\n')}`
  );
}

function leaves(value: object, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([name, below]: [string, unknown]) => {
    const place = path === '' ? name : `${path}.${name}`;
    if (Array.isArray(below)) return [[place, below.length === 0 ? '(none)' : below.join(', ')] as const];
    return typeof below === 'object' && below !== null
      ? leaves(below, place)
      : [[place, String(below)] as const];
  });
}

function refreshTokens({ refreshTokens: { from, rotation, missing } }: Profile): string {
  return `## Refresh tokens\n\n- What brings one: ${from}\n- What a refresh does to it: ${rotation}\n- When there is none: ${missing}`;
}

function list(heading: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${heading}\n\n${items.map((item) => `- ${item}`).join('\n')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

/** The list of providers, for the index and for README.md. */
function providerTable(folderOfPages: string): string {
  const rows = [...profiles.values()].map((profile) => {
    const { name, title, variables: all, openAccounts } = profile;
    const names = Object.keys(all).map((variable) => `\`${variable}\``);
    const open = openAccounts ? `yes${openAccounts.tenants ? ', unless one tenant is named' : ''}` : '';
    return `| [${title}](${folderOfPages}${name}.md) | \`${name}\` | ${names.join(', ')} | ${open} |`;
  });
  return `| Provider | Profile | Variables | Anybody can have an account |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function index(): string {
  return `# Identity providers

An upstream is a profile, a client id and a secret:

\`\`\`yaml
upstreams:
  - name: okta
    profile: okta
    domain: example.okta.com
    client_id: 0oa1b2c3d4
    client_secret_file: /run/secrets/okta-client-secret
\`\`\`

A profile is data: where the provider is, which scopes and parameters it wants, what it answers, how a user is told from
another, and what it cannot do. Whatever a profile says, the file can say otherwise beside it; single values and lists replace
the profile's, parameters and sections are united with it. \`sallyport config explain FILE\` shows what is in force and who says so;
\`sallyport config profiles NAME\` says what to set up at the provider.

Where anybody can have an account, Sallyport starts only with [access rules](../access.md), or with \`access: anyone\`.

${providerTable('')}
Each page says which of its facts public documentation does not settle. A provider that is not here: \`generic-oidc\` or
\`generic-oauth2\`, with every setting of the [configuration](../configuration.md) at hand.

This page is made from the profiles: \`node tools/generate-provider-pages.ts\`.
`;
}

if (import.meta.main) for (const [path, text] of providerPages()) writeFileSync(path, text);
