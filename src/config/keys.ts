import { isAbsolute, join, relative, sep } from 'node:path';
import { Secret } from '../types/secret.ts';
import type { PemSource, SigningKeyConfig } from './config.ts';
import { loadFile, textOf } from './files.ts';
import type { Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** Least length of an HMAC secret, in bytes: what HMAC-SHA-256 is worth. */
const minHmacBytes = 32;

/** Reads the PEM files. What is in them is checked by `keys/`. `null`: none are configured. */
export async function loadSigningKeys(resolving: Resolving): Promise<SigningKeyConfig | null> {
  const section = resolving.config.signing_key_config;
  const { key_dir: directory, signing_key_file: signingFile } = section ?? {};
  const fallbackFiles = itemsOf(section?.fallback_key_files);
  if (signingFile === undefined) {
    // A directory without a file would mean keys that end with the process, behind the operator's back.
    if (directory !== undefined || fallbackFiles.length > 0)
      resolving.findings.refuse(['signing_key_config', 'signing_key_file'], {
        problem: 'is missing, although other keys are configured',
        fix: 'write the name of the file in key_dir whose key signs, or remove signing_key_config',
      });
    return null;
  }
  const load = (file: string, step: Path): Promise<PemSource | null> =>
    loadPem({ file, directory, path: ['signing_key_config', ...step] }, resolving);
  const signing = await load(signingFile, ['signing_key_file']);
  const fallbacks = await Promise.all(
    fallbackFiles.map(({ item, index }) => load(item, ['fallback_key_files', index])),
  );
  return signing && { signing, fallbacks: fallbacks.filter((source) => source !== null) };
}

async function loadPem(
  { file, directory, path }: { file: string; directory: string | undefined; path: Path },
  { io, findings }: Resolving,
): Promise<PemSource | null> {
  if (file === '' || (directory !== undefined && leaves(directory, file))) {
    const problem = file === '' ? 'is empty' : 'is not inside key_dir';
    findings.refuse(path, { problem, fix: 'write the name of a file in key_dir, such as signing.pem' });
    return null;
  }
  const origin = directory === undefined ? file : join(directory, file);
  const bytes = await loadFile(origin, { path, io, findings });
  if (bytes === null) return null;
  const pem = textOf(bytes);
  if (pem !== null) return { pem: new Secret(pem), origin };
  findings.refuse(path, {
    problem: `the file ${origin} is not a text in UTF-8`,
    fix: 'write the name of a PEM file',
  });
  return null;
}

function leaves(directory: string, file: string): boolean {
  const step = relative(directory, join(directory, file));
  return isAbsolute(file) || step === '' || step === '..' || step.startsWith(`..${sep}`);
}

/**
 * Reads the HMAC secrets as they are: a random byte may look like white space. Empty names after the first are skipped,
 * as ToolHive does.
 */
export async function loadHmacSecrets({ config, io, findings }: Resolving): Promise<Secret<Uint8Array>[]> {
  const secrets: Uint8Array[] = [];
  for (const { item: file, index } of itemsOf(config.hmac_secret_files)) {
    const path = ['hmac_secret_files', index];
    if (file === '' && index === 0)
      findings.refuse(path, { problem: 'is empty', fix: 'write the path of the secret that signs' });
    if (file === '') continue;
    const bytes = await loadFile(file, { path, io, findings });
    if (bytes === null) continue;
    if (bytes.byteLength < minHmacBytes)
      findings.refuse(path, {
        problem: `the file ${file} has ${bytes.byteLength} bytes; at least ${minHmacBytes} are needed`,
        fix: `make it anew: head -c ${minHmacBytes} /dev/urandom > FILE`,
      });
    else if (secrets.some((known) => Buffer.compare(known, bytes) === 0))
      findings.refuse(path, {
        problem: `the file ${file} holds the same secret as one before it`,
        fix: 'remove it',
      });
    else secrets.push(bytes);
  }
  return secrets.map((secret) => new Secret(secret));
}
