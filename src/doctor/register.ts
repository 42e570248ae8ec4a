import type { Answer, Asking } from './ask.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding } from './finding.ts';
import { strangersRedirect } from './survey.ts';
import type { View } from './view.ts';

const callback = 'http://127.0.0.1:33418/callback';

/**
 * Registers a client as an app on somebody's computer does, and asks for an authorization that would go elsewhere than to its
 * callback. Nobody signs in.
 */
export async function tryRegistration({ metadata }: View, ask: Asking): Promise<readonly Finding[]> {
  const endpoint = metadata?.document['registration_endpoint'];
  if (typeof endpoint !== 'string') return [];
  const answer = await ask(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      client_name: 'sallyport doctor',
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    }),
  });
  const id = answer.document?.['client_id'];
  if (answer.status !== 201 || typeof id !== 'string') {
    const why = answer.problem ?? `status ${answer.status}`;
    return [
      finding(
        'register',
        fail(
          `a public client with a loopback callback cannot register (${why})`,
          'accept it: it is what every app on a computer registers',
        ),
      ),
    ];
  }
  const stray = await strayRequest({ metadata, id }, ask);
  await takeBack(endpoint, answer, ask);
  return [finding('register', registered(answer.document ?? {})), finding('redirect-exact', stray)];
}

/** Leaves nothing behind where the server has a way for that (RFC 7592 §2.3); at its registration's own origin only. */
async function takeBack(endpoint: string, { document }: Answer, ask: Asking): Promise<void> {
  const { registration_client_uri: uri, registration_access_token: token } = document ?? {};
  if (typeof uri !== 'string' || typeof token !== 'string') return;
  if (URL.parse(uri)?.origin !== new URL(endpoint).origin) return;
  await ask(uri, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
}

function registered(document: Readonly<Record<string, unknown>>): Parameters<typeof finding>[1] {
  const uris = document['redirect_uris'];
  if (Array.isArray(uris) && uris.length === 1 && uris[0] === callback) return 'a public client can register';
  return warn(
    'the registration answer does not repeat redirect_uris as they were sent',
    'repeat what is in force (RFC 7591 §3.2.1)',
  );
}

async function strayRequest(
  { metadata, id }: { metadata: View['metadata']; id: string },
  ask: Asking,
): Promise<Parameters<typeof finding>[1]> {
  const endpoint = metadata?.document['authorization_endpoint'];
  const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null;
  if (!url) return 'redirect URIs are compared exactly';
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: id,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }))
    url.searchParams.set(name, value);
  for (const stray of [strangersRedirect, `${callback}/more`, `${callback}?more=1`]) {
    url.searchParams.set('redirect_uri', stray);
    const { headers } = await ask(url.href);
    if (headers.get('location')?.startsWith(stray) === true)
      return fail(
        `a registered client may be sent to ${stray}, which it did not register`,
        'compare redirect URIs character for character; only the port of a loopback address may differ',
      );
  }
  return 'redirect URIs are compared exactly';
}
