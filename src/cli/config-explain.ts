import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { explainUpstreams } from '../config/explain.ts';
import type { ExplainedSetting, ExplainedUpstream } from '../config/explain.ts';
import { readConfigFile } from '../config/load.ts';
import { suggest } from '../config/suggest.ts';
import type { Profile } from '../profiles/profile.ts';
import { profiles } from '../profiles/profiles.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { plainText, renderTable } from './table.ts';

type Io = Pick<CommandIo, 'stdout' | 'env' | 'readFile'>;

/** `sallyport config explain FILE [--upstream NAME] [--json]`. @throws {UsageError} @throws {ConfigError} */
export async function explainConfig(args: readonly string[], io: Io): Promise<void> {
  const { values, positionals } = parse(args, {
    upstream: { type: 'string' },
    json: { type: 'boolean' },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError('say which file to explain');
  const all = await explainUpstreams(await readConfigFile(file, io), io);
  const { upstream: wanted, json } = values;
  const upstreams = all.filter(({ name }) => wanted === undefined || name === wanted);
  if (upstreams.length === 0)
    throw new UsageError(
      `there is no upstream "${String(wanted)}"; there is ${all.map(({ name }) => name).join(', ')}`,
    );
  io.stdout(
    json ? `${JSON.stringify({ upstreams }, null, 2)}\n` : upstreams.map((one) => render(one)).join('\n'),
  );
}

/** `sallyport config profiles [NAME] [--json]`. @throws {UsageError} */
export function showProfiles(args: readonly string[], io: Pick<Io, 'stdout'>): void {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } });
  const [name, ...others] = positionals;
  if (others.length > 0) throw new UsageError('say one profile only');
  if (name === undefined) {
    const all = [...profiles.values()];
    const rows = all.map((profile) => [
      profile.name,
      profile.title,
      Object.keys(profile.variables).join(', '),
    ]);
    io.stdout(values['json'] ? `${JSON.stringify(all, null, 2)}\n` : renderTable(rows));
    return;
  }
  const profile = profiles.get(name);
  if (!profile) {
    const meant = suggest(name, [...profiles.keys()]);
    throw new UsageError(
      `there is no profile "${name}"${meant === null ? '' : `; did you mean "${meant}"?`}`,
    );
  }
  io.stdout(values['json'] ? `${JSON.stringify(profile, null, 2)}\n` : renderProfile(profile));
}

function parse(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
): {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
} {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    // None of our options is `multiple`.
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these arguments are not understood');
  }
}

function render({ name, profile, settings }: ExplainedUpstream): string {
  const rows = settings
    .filter(({ value }) => value !== null)
    .map((setting) => [`  ${plainText(setting.setting)}`, show(setting.value), originOf(setting, profile)]);
  return `${name}${profile === null ? ', without a profile' : ''}\n${renderTable(rows)}`;
}

function show(value: ExplainedSetting['value']): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return plainText(typeof value === 'string' ? value : value.join(', '));
}

function originOf({ from, because }: ExplainedSetting, profile: string | null): string {
  if (from !== 'profile') return from;
  return because === null ? `profile ${profile}` : `profile ${profile}: ${because}`;
}

function renderProfile(profile: Profile): string {
  const { name, title, about, variables, setUp, limits, unverified, documentation } = profile;
  const list = (heading: string, items: readonly string[]): string =>
    items.length === 0 ? '' : `\n${heading}:\n${items.map((item) => `  - ${item}\n`).join('')}`;
  const told = Object.entries(variables).map(
    ([variable, { about: what, example, usual, optional }]) =>
      `${variable}: ${what}${usual === undefined ? (optional ? ' (optional)' : '') : ` (default ${usual})`}, such as ${example}`,
  );
  return (
    `${name}: ${title}\n${about}\n${list('Variables', told)}` +
    `${list(`At ${setUp.at}`, setUp.steps)}${list('Limits', limits)}` +
    `${list(
      'Not settled by public documentation',
      unverified.map(({ what, note }) => `${what}: ${note}`),
    )}${list('Documentation', documentation)}`
  );
}
