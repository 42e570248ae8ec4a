import { Secret } from '../types/secret.ts';
import type { Path } from './problems.ts';
import { loadFile, textOf } from './files.ts';
import type { Resolving } from './resolving.ts';

/** Where a secret is named. */
export interface SecretReference {
  readonly client_secret_file?: string | undefined;
  readonly client_secret_env_var?: string | undefined;
}

/** `failed`: it is named and cannot be had; the problem is reported. */
export type ResolvedSecret =
  | { readonly r: 'ok'; readonly secret: Secret<string> }
  | { readonly r: 'none' }
  | { readonly r: 'failed' };

/**
 * Resolves a client secret. A file is never a second choice: when it cannot be read, that is an error, whatever the
 * environment holds. White space around a file's text does not count.
 */
export async function loadSecret(
  reference: SecretReference,
  resolving: Pick<Resolving, 'io' | 'findings'> & { readonly path: Path },
): Promise<ResolvedSecret> {
  const { client_secret_file: file, client_secret_env_var: name } = reference;
  const { path, findings } = resolving;
  if (file !== undefined && name !== undefined) {
    findings.refuse([...path, 'client_secret_env_var'], {
      problem: 'is there beside client_secret_file',
      fix: 'remove one of the two',
    });
    return { r: 'failed' };
  }
  if (file !== undefined) return fromFile(file, { ...resolving, path: [...path, 'client_secret_file'] });
  if (name !== undefined)
    return fromEnvironment(name, { ...resolving, path: [...path, 'client_secret_env_var'] });
  return { r: 'none' };
}

type Place = Pick<Resolving, 'io' | 'findings'> & { readonly path: Path };

async function fromFile(file: string, place: Place): Promise<ResolvedSecret> {
  const bytes = await loadFile(file, place);
  if (bytes === null) return { r: 'failed' };
  const text = textOf(bytes)?.trim();
  if (text) return { r: 'ok', secret: new Secret(text) };
  const problem = `the file ${file} ${text === '' ? 'is empty' : 'is not a text in UTF-8'}`;
  place.findings.refuse(place.path, { problem, fix: 'put the secret into the file, and nothing else' });
  return { r: 'failed' };
}

function fromEnvironment(name: string, { io, findings, path }: Place): ResolvedSecret {
  // Whoever writes the secret itself here must not find it in a log.
  if (!/^[a-z_]\w*$/i.test(name)) {
    const problem = 'is not the name of an environment variable';
    findings.refuse(path, { problem, fix: 'write the name of the variable, never the secret' });
    return { r: 'failed' };
  }
  const value = Object.hasOwn(io.env, name) ? io.env[name] : undefined;
  if (value) return { r: 'ok', secret: new Secret(value) };
  const problem = `the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`;
  findings.refuse(path, { problem, fix: `set ${name}, or use client_secret_file` });
  return { r: 'failed' };
}
