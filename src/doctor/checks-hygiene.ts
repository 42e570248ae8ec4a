import { isLoopbackHost } from '../net/addresses.ts';
import { corsMcp } from './checks-endpoint.ts';
import type { Check } from './checks-endpoint.ts';
import { includes, jsonContentType, publicClients } from './checks-server.ts';
import { fail, warn } from './finding.ts';
import { strangersRedirect } from './survey.ts';

/** What strands people later, or endangers them, whatever client they use. */
export const hygiene: Readonly<Record<string, { readonly fine: string; readonly check: Check }>> = {
  public: {
    fine: 'hosted clients can reach it, as far as its name tells',
    check: ({ survey: { given } }) =>
      isLoopbackHost(given.hostname)
        ? warn(
            'the URL is on this machine: Claude, ChatGPT and other hosted clients cannot reach it',
            'use a public https address for hosted clients',
          )
        : null,
  },
  'challenge-metadata': {
    fine: 'the challenge names the resource metadata',
    check: ({ survey: { challenge, resource } }) => {
      if (!challenge?.has('resource_metadata'))
        return warn(
          'the challenge has no resource_metadata',
          'add resource_metadata="…" to WWW-Authenticate (RFC 9728 §5.1)',
        );
      const { status = 0, document = null, problem } = resource.challenge ?? {};
      return status === 200 && document
        ? null
        : fail(
            `what resource_metadata names cannot be read (${problem ?? `status ${status}`})`,
            'name the address where the metadata are',
          );
    },
  },
  refresh: {
    fine: 'refresh tokens are offered',
    check: ({ metadata }) =>
      !metadata || includes(metadata.document, 'grant_types_supported', 'refresh_token')
        ? null
        : warn(
            'the metadata do not offer refresh_token: people sign in again whenever a token ends',
            'add "refresh_token" to grant_types_supported, and issue them',
          ),
  },
  'offline-access': {
    fine: 'offline_access is where it belongs',
    check: ({ metadata, resource }) => {
      if (resource && includes(resource.document, 'scopes_supported', 'offline_access'))
        return warn(
          'the resource lists offline_access, which is between client and authorization server',
          'take it out of the resource metadata',
        );
      return !metadata || includes(metadata.document, 'scopes_supported', 'offline_access')
        ? null
        : warn(
            'the metadata do not list offline_access: clients that ask only for listed scopes get no refresh token, if the server wants it',
            'list it in scopes_supported, or give refresh tokens without it',
          );
    },
  },
  scopes: {
    fine: 'the scopes that clients are told to ask for exist',
    check: ({ survey: { challenge }, metadata, resource }) => {
      const known = scopesIn(metadata?.document);
      const asked = new Set([
        ...(challenge?.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
        ...scopesIn(resource?.document),
      ]);
      const unknown = [...asked].filter((scope) => !known.includes(scope));
      return known.length === 0 || unknown.length === 0
        ? null
        : warn(
            `the resource tells clients to ask for ${unknown.slice(0, 5).join(' ')}, which the authorization server does not list`,
            'list them in scopes_supported of both, or demand others',
          );
    },
  },
  'issuer-parameter': {
    fine: 'authorization responses carry iss',
    check: ({ metadata }) =>
      !metadata || metadata.document['authorization_response_iss_parameter_supported'] === true
        ? null
        : warn(
            'authorization responses carry no iss (RFC 9207): clients cannot notice a mix-up, and ChatGPT uses another callback',
            'send iss, and say so in the metadata',
          ),
  },
  jwks: {
    fine: 'the keys can be read',
    check: ({ server }) => {
      const jwks = server?.endpoints?.jwks;
      if (!jwks) return null;
      return jwks.status === 200 && Array.isArray(jwks.document?.['keys']) && jwks.document['keys'].length > 0
        ? null
        : fail(
            `jwks_uri has no keys (${jwks.problem ?? `status ${jwks.status}`})`,
            'serve the public keys there',
          );
    },
  },
  cache: {
    fine: 'nothing is cached for too long',
    check: ({ metadata }) => {
      const [, seconds = '0'] =
        /max-age=(\d{1,12})/iu.exec(metadata?.answer.headers.get('cache-control') ?? '') ?? [];
      return Number(seconds) > 86_400
        ? warn(
            `the metadata may be kept for ${seconds} seconds: a change arrives late`,
            'let them be kept for an hour or less',
          )
        : null;
    },
  },
  'token-cache': {
    fine: 'answers of the token endpoint are not cached',
    check: ({ server }) => {
      const token = server?.endpoints?.token;
      return !token || token.status === 0 || /no-store/iu.test(token.headers.get('cache-control') ?? '')
        ? null
        : warn('answers of the token endpoint may be cached', 'send Cache-Control: no-store (RFC 6749 §5.1)');
    },
  },
  'open-redirect': {
    fine: 'an unknown client is not sent anywhere',
    check: ({ server }) => {
      const location = server?.endpoints?.authorize?.headers.get('location') ?? '';
      return location.startsWith(strangersRedirect)
        ? fail(
            'the authorization endpoint redirects an unknown client wherever it likes',
            'compare redirect_uri with what the client registered, and show a page when it differs',
          )
        : null;
    },
  },
  'json-content-type': { fine: 'the metadata come as JSON', check: jsonContentType },
  'public-clients': { fine: 'clients without a secret are taken', check: publicClients },
  'cors-mcp': { fine: 'browsers may call the endpoint', check: corsMcp },
};

function scopesIn(document: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const scopes = document?.['scopes_supported'];
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
}
