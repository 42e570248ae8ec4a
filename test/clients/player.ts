import assert from 'node:assert/strict';
import { resourceUrl, serverUrl } from '../../src/doctor/places.ts';
import { readBearerChallenge } from '../../src/oauth/challenge.ts';
import type { Browser, PkcePair, Tokens } from '../fixtures/stack.ts';
import { issuer, pkce, resource, sealedRequest } from '../fixtures/stack.ts';
import type { Endpoint } from '../proxy/endpoint.ts';
import type { FormRequest, Played } from './fixture.ts';
import { methodOf } from './fixture.ts';
import { configuredSecret, send } from './scene.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a client knows by now. */
export interface Known {
  readonly metadata: Json;
  readonly clientId: string;
  readonly clientSecret: string | null;
}

/** One authorization request on its way. */
export interface Asked {
  readonly url: URL;
  readonly pair: PkcePair;
}

/** Plays the requests of a fixture in the order in which its client sends them. */
export class Player {
  readonly endpoint: Endpoint;
  readonly played: Played;

  constructor(endpoint: Endpoint, played: Played) {
    this.endpoint = endpoint;
    this.played = played;
  }

  /** From nothing to what the client knows before it opens a browser. */
  async prepare(): Promise<Known> {
    const metadata = await this.discover();
    return { metadata, ...(await this.identify(metadata)) };
  }

  /** Finds the metadata of the authorization server, at the places and in the order of the row. */
  async discover(): Promise<Json> {
    const { row, fixture } = this.played;
    const { first, headers } = fixture.discovery;
    let named: string | undefined;
    for (const method of first) {
      const response = await send(this.endpoint, resource, { method, headers });
      assert.deepEqual([method, response.status], [method, 401]);
      const challenge = readBearerChallenge(response.headers.get('www-authenticate') ?? '');
      assert.equal(challenge?.get('scope'), 'mcp:read');
      named = challenge?.get('resource_metadata');
    }
    const server = first.length === 0 ? issuer : await this.#serverOf(named);
    for (const place of row.search.serverPlaces) {
      const document = await this.#document(serverUrl(new URL(server), place));
      if (document === null) continue;
      assert.equal(document['issuer'], server);
      return document;
    }
    throw new Error('no metadata of the authorization server');
  }

  /** Registers, or is known already. */
  async identify(
    metadata: Json,
    { redirectUri }: { readonly redirectUri?: string } = {},
  ): Promise<Pick<Known, 'clientId' | 'clientSecret'>> {
    const { registration, document, configured } = this.played.fixture;
    if (configured) return { clientId: configured.client_id, clientSecret: configuredSecret };
    if (document) {
      assert.equal(metadata['client_id_metadata_document_supported'], true);
      return { clientId: document.client_id, clientSecret: null };
    }
    const body = { ...registration, ...(redirectUri !== undefined && { redirect_uris: [redirectUri] }) };
    const response = await this.register(metadata, body);
    const text = await response.text();
    assert.equal(response.status, 201, text);
    const answer = JSON.parse(text) as Json & { client_id: string; client_secret?: string };
    assert.deepEqual(answer['redirect_uris'], body['redirect_uris']);
    const secret = answer.client_secret ?? null;
    assert.equal(secret !== null, methodOf(this.played.fixture) !== 'none', 'a secret');
    return { clientId: answer.client_id, clientSecret: secret };
  }

  register(metadata: Json, body: unknown): Promise<Response> {
    return this.#call(String(metadata['registration_endpoint']), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** The authorization request, `more` over what the fixture says. */
  ask(known: Known, more: Readonly<Record<string, string>> = {}): Asked {
    const pair = pkce();
    const url = new URL(String(known.metadata['authorization_endpoint']));
    const scopes = known.metadata['scopes_supported'];
    const words = {
      client_id: known.clientId,
      challenge: pair.challenge,
      resource,
      server_scopes: Array.isArray(scopes) ? scopes.join(' ') : '',
    };
    for (const [name, value] of Object.entries({ ...this.played.fixture.authorize, ...more }))
      url.searchParams.set(name, filled(value, words));
    return { url, pair };
  }

  /** The user agrees and signs in; where the browser is sent at the end. */
  async signIn(browser: Browser, url: URL): Promise<URL> {
    const page = await browser.get(url.href);
    const html = await page.text();
    assert.equal(page.status, 200, html);
    const posted = await browser.post(`${issuer}/oauth/consent`, {
      ...ticked(html),
      request: sealedRequest(html),
      decision: 'allow',
    });
    const upstream = posted.headers.get('location');
    if (upstream === null) throw new Error(`consent: ${posted.status} ${await posted.text()}`);
    const back = await this.endpoint.stack.provider.signIn(upstream, this.#account());
    const done = await browser.get(back);
    return new URL(done.headers.get('location') ?? 'missing:');
  }

  /** The answer to the client, checked as clients check it (RFC 9207 §2.4). */
  checkReturn(back: URL, { url }: Asked): string {
    const target = url.searchParams.get('redirect_uri') ?? '';
    assert.equal(back.href.split('?')[0], target);
    assert.equal(back.searchParams.get('iss'), issuer);
    assert.equal(back.searchParams.get('state'), url.searchParams.get('state'));
    return back.searchParams.get('code') ?? '';
  }

  redeem(known: Known, { url, pair }: Asked, code: string): Promise<Response> {
    const words = { code, verifier: pair.verifier };
    const request = this.played.fixture.token;
    const form = { ...request.form, redirect_uri: url.searchParams.get('redirect_uri') ?? '' };
    return this.form(known, { ...request, form }, words);
  }

  refresh(known: Known, refreshToken: string): Promise<Response> {
    return this.form(known, this.played.fixture.refresh, { refresh_token: refreshToken });
  }

  /** A whole login, up to the tokens. */
  async login(known: Known, more: Readonly<Record<string, string>> = {}): Promise<Tokens> {
    const asked = this.ask(known, more);
    const back = await this.signIn(this.endpoint.stack.browser(), asked.url);
    const response = await this.redeem(known, asked, this.checkReturn(back, asked));
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.match(response.headers.get('cache-control') ?? '', /no-store/u);
    return JSON.parse(text) as Tokens;
  }

  /** Calls a tool. */
  call(tokens: Pick<Tokens, 'access_token'>, tool = 'list'): Promise<Response> {
    return this.endpoint.call(tokens.access_token, {
      headers: { 'content-type': 'application/json', ...this.#origin() },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: tool, arguments: {} },
      }),
    });
  }

  form(
    known: Known,
    { headers, form }: FormRequest,
    learned: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { clientId, clientSecret } = known;
    const basic = (secret: string): string =>
      Buffer.from([clientId, secret].map(encodeURIComponent).join(':')).toString('base64');
    const words = {
      ...learned,
      resource,
      client_id: clientId,
      client_secret: clientSecret ?? '',
      basic: basic(clientSecret ?? ''),
      lie: basic('a secret that nobody was given'),
    };
    const fill = (members: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(Object.entries(members).map(([name, value]) => [name, filled(value, words)]));
    return this.#call(String(known.metadata['token_endpoint']), {
      method: 'POST',
      headers: fill(headers),
      body: new URLSearchParams(fill(form)).toString() + (learned['suffix'] ?? ''),
    });
  }

  async #serverOf(named: string | undefined): Promise<string> {
    for (const place of this.played.row.search.resourcePlaces) {
      const url = place === 'challenge' ? named : resourceUrl(new URL(resource), place);
      const document = url === undefined ? null : await this.#document(url);
      if (document === null) continue;
      assert.equal(document['resource'], resource);
      const servers: unknown = document['authorization_servers'];
      return Array.isArray(servers) ? String(servers[0]) : '';
    }
    throw new Error('no metadata of the resource');
  }

  async #document(url: string): Promise<Json | null> {
    const { headers } = this.played.fixture.discovery;
    const response = await this.#call(url, { headers });
    if (response.status !== 200) return null;
    return (await response.json()) as Json;
  }

  /** From the page of a browser every answer must be readable by it, and was asked for before (Fetch §3.3). */
  async #call(url: string, init: RequestInit): Promise<Response> {
    const origin = this.#origin();
    const all = new Headers({ ...Object.fromEntries(new Headers(init.headers)), ...origin });
    if (origin['origin'] !== undefined) {
      const names = [...all.keys()].filter((name) => name !== 'origin' && name !== 'accept');
      const preflight = await send(this.endpoint, url, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'access-control-request-method': init.method ?? 'GET',
          'access-control-request-headers': names.join(','),
        },
      });
      const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase() ?? '';
      assert.deepEqual([url, names.filter((name) => !allowed.includes(name) && allowed !== '*')], [url, []]);
    }
    const response = await send(this.endpoint, url, { ...init, headers: all });
    if (origin['origin'] !== undefined)
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
    return response;
  }

  /** Each has a user of its own: what one client does is remembered of its user. */
  #account(): string {
    return this.played.name.replaceAll(/\W+/gu, '-');
  }

  #origin(): Record<string, string> {
    const { origin } = this.played.fixture.discovery.headers;
    return origin === undefined ? {} : { origin };
  }
}

function filled(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/gu, (whole, word: string) => words[word] ?? whole);
}

/** What a browser sends of boxes that nobody touched. */
function ticked(html: string): Record<string, string> {
  const boxes = html.matchAll(/<input type="checkbox" name="([^"]+)" value="([^"]+)" checked/gu);
  return Object.fromEntries([...boxes].map(([, name = '', value = '']) => [name, value]));
}
