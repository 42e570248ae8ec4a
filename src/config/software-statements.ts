import { assertionAlgorithms } from '../oauth/metadata.ts';
import { resolveClientKeys } from './client-keys.ts';
import type { StaticClientConfig } from './config.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** Somebody whose word about software counts (RFC 7591 §2.3). */
export interface StatementIssuerConfig {
  /** `iss` of its statements. */
  readonly issuer: string;
  readonly keys: NonNullable<StaticClientConfig['keys']>;
  readonly allowPrivateIps: boolean;
  readonly algs: readonly string[];
}

/** Longest name of an issuer, in characters: every id that rests on it carries it. */
const maxIssuerLength = 256;

/** Reads `registration.software_statements`. */
export async function resolveSoftwareStatements({
  config,
  io,
  findings,
}: Resolving): Promise<readonly StatementIssuerConfig[]> {
  const issuers: StatementIssuerConfig[] = [];
  const names = new Set<string>();
  for (const { item, index } of itemsOf(config.registration?.software_statements)) {
    const path = ['registration', 'software_statements', index];
    const { issuer = '' } = item;
    if (issuer.length > maxIssuerLength || names.has(issuer))
      findings.refuse([...path, 'issuer'], {
        problem: names.has(issuer) ? 'is there already' : `is longer than ${maxIssuerLength} characters`,
        fix: 'write each issuer once, exactly as iss of its statements has it',
      });
    names.add(issuer);
    for (const { item: alg, index: at } of itemsOf(item.algs))
      if (!assertionAlgorithms.includes(alg))
        findings.refuse([...path, 'algs', at], {
          problem: 'is not an algorithm that only the issuer can sign with',
          fix: `write some of ${assertionAlgorithms.join(', ')}`,
        });
    if ([item.jwks, item.jwks_file, item.jwks_uri].every((place) => place === undefined))
      findings.refuse(path, {
        problem: 'has no keys to check its statements by',
        fix: 'add jwks, jwks_file or jwks_uri',
      });
    const keys = await resolveClientKeys(item, { path, io, findings });
    if (keys === null) continue;
    const algs = item.algs === undefined ? assertionAlgorithms : itemsOf(item.algs).map((one) => one.item);
    issuers.push({ issuer, keys, allowPrivateIps: item.allow_private_ips ?? false, algs });
  }
  return issuers;
}
