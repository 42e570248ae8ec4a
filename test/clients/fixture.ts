import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { knownClients } from '../../src/known-clients/known-clients.ts';
import type { KnownClient } from '../../src/known-clients/known-client.ts';

type Json = Readonly<Record<string, unknown>>;

/** A form and its headers. Words in braces are what the client learns on its way. */
export interface FormRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** The requests of one form of a client. */
export interface Fixture {
  readonly about: string;
  /** `reconstructed`: put together from what is told of it; values that nobody told are examples. */
  readonly evidence: 'recorded' | 'reconstructed';
  /** One of these: body of its registration, its metadata document, or what the operator configures. */
  readonly registration?: Json & { readonly redirect_uris: readonly string[] };
  readonly document?: Json & { readonly client_id: string; readonly redirect_uris: readonly string[] };
  readonly configured?: { readonly client_id: string; readonly redirect_uris: readonly string[] };
  readonly discovery: {
    /** What it asks the MCP endpoint before it has a token; empty: it begins at the issuer. */
    readonly first: readonly ('GET' | 'HEAD' | 'POST')[];
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly authorize: Readonly<Record<string, string>> & { readonly redirect_uri: string };
  readonly token: FormRequest;
  readonly refresh: FormRequest;
  readonly relogin: { readonly registers: boolean; readonly redirect_uri: string };
  /**
   * What it does when a tool needs more scopes: asks for what it has and what it needs, for what it had, refreshes first
   * and then asks for what it was told, or nothing that is known.
   */
  readonly step_up: 'union' | 'same' | 'refresh' | 'none';
  /** The operator has to do something for it, as its row says. */
  readonly operator?: true;
  /** `limit`: words of the row’s limit that justify the refusal; `says`: words of the page that shows it. */
  readonly outcome:
    | 'works'
    | { readonly refused_at: 'authorize'; readonly limit: string; readonly says: string }
    | { readonly refused_at: 'call' | 'refresh'; readonly limit: string };
}

/** A fixture and whose it is. */
export interface Played {
  readonly row: KnownClient;
  readonly name: string;
  readonly fixture: Fixture;
}

const folder = join(import.meta.dirname, 'fixtures');

/** Every fixture, by the folder of its client. */
export const fixtures: readonly Played[] = globSync('*/*.json', { cwd: folder })
  .toSorted()
  .map((path) => {
    const id = dirname(path);
    const row = knownClients.find((one) => one.id === id);
    if (!row) throw new TypeError(`no row is called ${id}`);
    // Our own files; the tests below read every member.
    const fixture = JSON.parse(readFileSync(join(folder, path), 'utf8')) as Fixture;
    return { row, name: `${id}, ${basename(path, '.json')}`, fixture };
  });

/** How it authenticates, as its token request shows. */
export function methodOf({ token }: Fixture): 'none' | 'client_secret_basic' | 'client_secret_post' {
  if (token.headers['authorization'] !== undefined) return 'client_secret_basic';
  return token.form['client_secret'] === undefined ? 'none' : 'client_secret_post';
}
