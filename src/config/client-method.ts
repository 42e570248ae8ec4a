import type { StaticClientConfig } from './config.ts';
import type { Findings, Path } from './problems.ts';
import type { ClientSection } from './schema-ours.ts';
import type { Sieved } from './shape.ts';

/** Whether a section says where keys are. */
export function hasKeys({ jwks, jwks_file: file, jwks_uri: uri }: Sieved<ClientSection>): boolean {
  return [jwks, file, uri].some((one) => one !== undefined);
}

type Method = StaticClientConfig['authMethod'];

/** How a client authenticates; a method that does not go with what it has is refused. */
export function checkClientMethod(
  section: Sieved<ClientSection>,
  {
    path,
    findings,
    secret,
  }: { readonly path: Path; readonly findings: Findings; readonly secret: 'ok' | 'none' | 'failed' },
): Method {
  const keys = hasKeys(section);
  if (keys && secret !== 'none')
    findings.refuse([...path, section.client_secret_file ? 'client_secret_file' : 'client_secret_env_var'], {
      problem: 'is there beside keys of the client',
      fix: 'remove one of the two: a client has one way to prove who it is',
    });
  const usual: Method = keys ? 'private_key_jwt' : secret === 'none' ? 'none' : 'client_secret_basic';
  const method = section.token_endpoint_auth_method ?? usual;
  const fits = method === usual || (method === 'client_secret_post' && usual === 'client_secret_basic');
  if (!fits)
    findings.refuse([...path, 'token_endpoint_auth_method'], {
      problem: `is ${method}, and there is ${has[usual]}`,
      fix: `${fixes[method]}, or write ${usual === 'client_secret_basic' ? 'client_secret_basic or client_secret_post' : usual}`,
    });
  return method;
}

const has: Readonly<Record<Method, string>> = {
  none: 'neither a client secret nor a key',
  client_secret_basic: 'a client secret',
  client_secret_post: 'a client secret',
  private_key_jwt: 'a set of keys',
};

const fixes: Readonly<Record<Method, string>> = {
  none: 'remove the secret or the keys',
  client_secret_basic: 'add client_secret_file or client_secret_env_var',
  client_secret_post: 'add client_secret_file or client_secret_env_var',
  private_key_jwt: 'add jwks, jwks_file or jwks_uri',
};
