import { profiles } from '../profiles/profiles.ts';
import type { UpstreamConfig } from './config.ts';
import { explainedFields, secretFields, unshownFields } from './explained-fields.ts';
import type { ShownValue } from './explained-fields.ts';
import { Findings } from './problems.ts';
import { layerProfile } from './profile-layers.ts';
import type { Origin } from './profile-layers.ts';
import { resolveRunConfig } from './resolve.ts';
import { itemsOf } from './resolving.ts';
import type { ResolveIo } from './resolving.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';

/** One effective setting and where it came from. */
export interface ExplainedSetting {
  /** As the file would say it, such as `userinfo.endpoint_url`. */
  readonly setting: string;
  /** `null`: nothing is set. Secrets are told by where they are. */
  readonly value: ShownValue;
  readonly from: 'file' | 'profile' | 'default';
  /** The form of the profile that says so; `null`: the profile itself. */
  readonly because: string | null;
}

/** One upstream as it will be spoken to. */
export interface ExplainedUpstream {
  readonly name: string;
  /** `null`: without one. */
  readonly profile: string | null;
  readonly settings: readonly ExplainedSetting[];
}

/**
 * Says of every upstream what is in force and where it came from. Values are those of the resolved configuration, so that
 * the explanation cannot differ from what happens.
 * @throws {ConfigError} for a configuration that cannot be used
 */
export async function explainUpstreams(
  runConfig: unknown,
  io: ResolveIo,
): Promise<readonly ExplainedUpstream[]> {
  const { upstreams } = await resolveRunConfig(runConfig, io);
  const { checkShape } = await import('./shape.ts');
  const sections = itemsOf(checkShape(runConfig, new Findings()).config.upstreams);
  return upstreams.flatMap((config, index) => {
    const section = sections[index]?.item;
    return section ? [explain(config, section)] : [];
  });
}

type OriginOf = (setting: string) => Origin | { readonly from: 'default' };

function explain(config: UpstreamConfig, section: Sieved<UpstreamSection>): ExplainedUpstream {
  const originOf = originsIn(section);
  const written = writtenIn(section);
  const settings = explainedFields(config).flatMap(([setting, value]): ExplainedSetting[] => {
    // Without a secret there is nothing to send, whatever the profile says about sending it.
    const unsent = setting === 'token_endpoint_auth_method' && value === 'none';
    const said = originOf(setting);
    const origin = unsent && said.from === 'profile' ? ({ from: 'default' } as const) : said;
    const because = origin.from === 'profile' ? origin.because : null;
    const hidden = origin.from === 'file' && unshownFields.test(setting);
    return [{ setting, value: hidden ? '(as the file has it)' : value, from: origin.from, because }];
  });
  const secrets = secretFields.flatMap((field): ExplainedSetting[] => {
    const named = written[field];
    if (typeof named !== 'string') return [];
    const value = field.endsWith('_env_var') ? `from variable ${named}` : `from file ${named}`;
    return [{ setting: field.replace(/_(?:file|env_var)$/u, ''), value, from: 'file', because: null }];
  });
  return { name: config.name, profile: section.profile ?? null, settings: [...settings, ...secrets] };
}

/** What the file says of an upstream, in whichever form. */
function writtenIn(section: Sieved<UpstreamSection>): Readonly<Record<string, unknown>> {
  const { oidc_config: oidc, oauth2_config: oauth2 } = section;
  const { userinfo_override: override, ...inner } = { ...oidc, ...oauth2 };
  return { ...section, ...inner, ...(override && { userinfo: override }) };
}

function originsIn(section: Sieved<UpstreamSection>): OriginOf {
  const profile = profiles.get(section.profile ?? '');
  const origins = profile
    ? layerProfile(profile, section, { path: [], findings: new Findings() }).origins
    : new Map<string, Origin>();
  const written = writtenIn(section);
  return (setting) => {
    const told = origins.get(setting);
    if (told) return told;
    return isWritten(written, setting.split('.')) ? { from: 'file' } : { from: 'default' };
  };
}

function isWritten(value: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return value !== undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
  // `hasOwn` proves that the property is there; the type of an unknown object cannot carry that.
  return isWritten((value as Record<string, unknown>)[step], rest);
}
