import type { Config } from '../config/config.ts';
import { loadKeySet } from '../keys/key-set.ts';
import { isLoopbackHost } from '../net/addresses.ts';
import type { Answer } from './ask.ts';
import { createAsking } from './ask.ts';
import { certificateFinding, clockFinding } from './checks-connection.ts';
import { fail, finding, warn, wordOf } from './finding.ts';
import type { Finding, Problem } from './finding.ts';
import { serverUrl } from './places.ts';

/** Whether clients reach the issuer, and whether it is us who answer there. */
export async function examineIssuer(config: Config): Promise<readonly Finding[]> {
  const issuer = new URL(config.issuer);
  const ask = await createAsking(issuer);
  try {
    const answer = await ask(serverUrl(issuer, 'oauth-inserted'));
    const keys =
      typeof answer.document?.['jwks_uri'] === 'string' ? await ask(answer.document['jwks_uri']) : null;
    return [
      finding(
        'issuer',
        reachProblem(config, answer) ??
          strangerProblem(config, keys) ??
          `${config.issuer} is answered, by us`,
      ),
      ...(plainHttp(issuer) ?? []),
      ...clockFinding('issuer-clock', answer),
      ...(await certificateFinding('issuer-certificate', config.issuer)),
    ];
  } finally {
    await ask.close();
  }
}

function reachProblem({ issuer }: Config, { status, document, problem }: Answer): Problem | null {
  const start = 'start the gateway, and lead the name and any front proxy to it';
  if (status === 0) return warn(`${issuer} gives no answer: ${problem ?? ''}`, start);
  if (status !== 200 || document === null)
    return fail(
      `${issuer} answers, but its metadata come with status ${status}`,
      'lead /.well-known/ and /oauth/ of the front proxy to the gateway',
    );
  if (document['issuer'] === issuer) return null;
  return fail(
    `somebody answers at ${issuer} who is another issuer: ${wordOf(document['issuer'])}`,
    'lead the name to this gateway, or change issuer',
  );
}

/** With keys of our own making the running gateway's may differ, and prove nothing. */
function strangerProblem({ signingKeys, issuer }: Config, keys: Answer | null): Problem | null {
  if (signingKeys === null) return null;
  const { kid } = loadKeySet(signingKeys).signing;
  const list: unknown = keys?.document?.['keys'];
  const known = Array.isArray(list) && list.some((key: unknown) => kidOf(key) === kid);
  return known
    ? null
    : fail(
        `the server at ${issuer} does not publish the configured signing key`,
        'restart the gateway with this configuration, or find out who answers there',
      );
}

function kidOf(key: unknown): unknown {
  return typeof key === 'object' && key !== null && 'kid' in key ? key.kid : undefined;
}

function plainHttp({ protocol, hostname }: URL): readonly Finding[] | null {
  if (protocol === 'https:' || isLoopbackHost(hostname)) return null;
  return [
    finding('issuer-https', fail('the issuer is plain http, and not on this machine', 'serve it over https')),
  ];
}
