import type { UpstreamAuthMethod } from './config.ts';
import type { Complaint, Findings, Path } from './problems.ts';

/** How we authenticate at an upstream; a method that does not go with the secret or the key is refused. */
export function checkUpstreamAuthMethod(
  method: UpstreamAuthMethod | undefined,
  context: {
    readonly path: Path;
    readonly findings: Findings;
    readonly secret: 'ok' | 'none' | 'failed';
    /** There is a key for `private_key_jwt`. */
    readonly key: boolean;
    readonly usual: UpstreamAuthMethod;
  },
): UpstreamAuthMethod {
  const { path, findings, secret, key, usual } = context;
  if (key && secret !== 'none')
    findings.refuse([...path.slice(0, -1), 'client_key_file'], {
      problem: 'is there beside a client secret',
      fix: 'remove one of the two',
    });
  if (method === undefined) return key ? 'private_key_jwt' : secret === 'none' ? 'none' : usual;
  const wants = method === 'private_key_jwt' ? 'key' : method === 'none' ? 'nothing' : 'secret';
  const has = key ? 'key' : secret === 'none' ? 'nothing' : 'secret';
  if (wants !== has) findings.refuse(path, mismatch(method, { wants, has }));
  return method;
}

type Credential = 'key' | 'nothing' | 'secret';

const credentials: Readonly<Record<Credential, { readonly called: string; readonly fix: string }>> = {
  key: { called: 'client_key_file', fix: 'add client_key_file' },
  secret: { called: 'client secret', fix: 'add client_secret_file or client_secret_env_var' },
  nothing: { called: 'client secret', fix: 'remove the secret' },
};

function mismatch(
  method: UpstreamAuthMethod,
  { wants, has }: { readonly wants: Credential; readonly has: Credential },
): Complaint {
  if (has === 'nothing')
    return {
      problem: `is ${method}, and there is no ${credentials[wants].called}`,
      fix: `${credentials[wants].fix}, or write none`,
    };
  const goes = has === 'key' ? 'private_key_jwt' : 'client_secret_basic or client_secret_post';
  return {
    problem: `is ${method}, and there is a ${credentials[has].called}`,
    fix: `write ${goes}, or remove the ${has === 'key' ? 'key' : 'secret'}`,
  };
}
