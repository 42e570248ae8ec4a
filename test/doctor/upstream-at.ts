/** An upstream at a simulated provider, and what the doctor says of it. */
import type { AccessConfig, UpstreamConfig } from '../../src/config/config.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { examineUpstream } from '../../src/doctor/upstream/examine-upstream.ts';
import { createProviderSimulator } from '../../src/testing/index.ts';
import type { PresetName, ProviderSimulator, Quirks } from '../../src/testing/index.ts';
import { upstreamAt } from '../profiles/at-provider.ts';
import { upstreamOf } from '../profiles/fixture.ts';
import type { Json } from '../run-config/fixture.ts';

export const secret = 'the-secret-of-our-client';
const redirectUri = 'https://mcp.example.com/oauth/callback';

/** A provider that knows us as `sallyport`. */
export async function startProvider(
  preset: PresetName,
  { quirks = {}, redirectUris = [redirectUri] }: { quirks?: Partial<Quirks>; redirectUris?: string[] } = {},
): Promise<ProviderSimulator> {
  const client = { client_id: 'sallyport', client_secret: secret, redirect_uris: redirectUris };
  return createProviderSimulator({
    preset,
    quirks: { errorFields: {}, ...quirks },
    clients: [client],
  }).start();
}

/** The configuration of an operator with this profile, at the addresses of the simulator. */
export async function configAt(
  provider: ProviderSimulator,
  fields: Json,
  { given = secret, changes = {}, files = {} }: Given = {},
): Promise<UpstreamConfig> {
  const section = { ...(await upstreamAt(provider, fields)), ...changes };
  return upstreamOf(section, { env: { UPSTREAM_SECRET: given }, files });
}

interface Given {
  /** What the secret is believed to be. */
  readonly given?: string;
  /** Fields over all others. */
  readonly changes?: Json;
  readonly files?: Record<string, string>;
}

/** What the doctor says, with what the examples of docs/doctor.md have beside an upstream. */
export function examine(
  config: UpstreamConfig,
  { access = 'anyone' }: { access?: AccessConfig } = {},
): Promise<readonly Finding[]> {
  return examineUpstream(config, { access, secretFrom: 'client_secret_env_var UPSTREAM_SECRET' });
}

/** The worst finding of a check. */
export function worst(findings: readonly Finding[], check: string): Finding | undefined {
  const found = findings.filter((one) => one.check === check);
  return (
    found.find(({ level }) => level === 'fail') ?? found.find(({ level }) => level === 'warn') ?? found[0]
  );
}

/** Checks that are not fine. */
export function complaints(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check} ${level}`);
}
