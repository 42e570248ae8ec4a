import { Secret } from '../types/secret.ts';
import type { Path } from './problems.ts';
import { loadFile, textOf } from './files.ts';
import type { Resolving } from './resolving.ts';

/** What fields that name a secret begin with. */
type SecretName = 'client_secret' | 'initial_access_token' | 'outbound_proxy_credentials';

/** Where a secret is named. */
export type SecretReference = {
  readonly [Field in `${SecretName}_file` | `${SecretName}_env_var`]?: string | undefined;
};

/** `failed`: it is named and cannot be had; the problem is reported. */
export type ResolvedSecret =
  | { readonly r: 'ok'; readonly secret: Secret<string> }
  | { readonly r: 'none' }
  | { readonly r: 'failed' };

/**
 * Resolves a secret, our client secret unless it is said otherwise. A file is never a second choice: when it cannot be read, that is an error, whatever the
 * environment holds. White space around a file's text does not count.
 */
export async function loadSecret(
  reference: SecretReference,
  resolving: Pick<Resolving, 'io' | 'findings'> & { readonly path: Path; readonly secret?: SecretName },
): Promise<ResolvedSecret> {
  const { path, findings, secret = 'client_secret' } = resolving;
  const fields = { file: `${secret}_file`, variable: `${secret}_env_var` } as const;
  const { [fields.file]: file, [fields.variable]: name } = reference;
  if (file !== undefined && name !== undefined) {
    findings.refuse([...path, fields.variable], {
      problem: `is there beside ${fields.file}`,
      fix: 'remove one of the two',
    });
    return { r: 'failed' };
  }
  if (file !== undefined) return fromFile(file, { ...resolving, path: [...path, fields.file] });
  if (name !== undefined) return fromEnvironment(name, { ...resolving, path: [...path, fields.variable] });
  return { r: 'none' };
}

type Place = Pick<Resolving, 'io' | 'findings'> & { readonly path: Path };

/** The secret in a file. */
export async function fromFile(file: string, place: Place): Promise<ResolvedSecret> {
  const bytes = await loadFile(file, place);
  if (bytes === null) return { r: 'failed' };
  const text = textOf(bytes)?.trim();
  if (text) return { r: 'ok', secret: new Secret(text) };
  const problem = `the file ${file} ${text === '' ? 'is empty' : 'is not a text in UTF-8'}`;
  place.findings.refuse(place.path, { problem, fix: 'put the secret into the file, and nothing else' });
  return { r: 'failed' };
}

/** The secret in an environment variable. */
export function fromEnvironment(name: string, { io, findings, path }: Place): ResolvedSecret {
  // Whoever writes the secret itself here must not find it in a log.
  if (!/^[a-z_]\w*$/i.test(name)) {
    const problem = 'is not the name of an environment variable';
    findings.refuse(path, { problem, fix: 'write the name of the variable, never the secret' });
    return { r: 'failed' };
  }
  const value = Object.hasOwn(io.env, name) ? io.env[name] : undefined;
  if (value) return { r: 'ok', secret: new Secret(value) };
  const problem = `the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`;
  findings.refuse(path, { problem, fix: `set ${name}, or name a file` });
  return { r: 'failed' };
}
