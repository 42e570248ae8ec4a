import type { AuthServerOptions } from '../../src/server/auth-server.ts';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderOptions } from '../fixtures/oidc-provider.ts';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, startStack, upstreamSecret } from '../fixtures/stack.ts';

/** Where users see what they have connected. */
export const page = `${issuer}/connections`;

type Provider = Awaited<ReturnType<typeof startOidcProvider>>;

/** Where people sign in, and where they connect accounts. */
export interface Providers {
  readonly home: Provider;
  readonly notes: Provider;
  readonly close: () => Promise<void>;
}

/** Both, for all tests of a file: their keys take the most time. */
export async function startProviders(notes: OidcProviderOptions = {}): Promise<Providers> {
  const [one, other] = await Promise.all([
    startOidcProvider({ clients: [clientOf('demo')] }),
    startOidcProvider({ clients: [clientOf('notes')], ...notes }),
  ]);
  return {
    home: one,
    notes: other,
    close: async () => {
      await Promise.all([one.close(), other.close()]);
    },
  };
}

/** An authorization server where people sign in at one provider, and connect accounts of another one later. */
export class Scene {
  readonly stack: Stack;
  /** Where people sign in: `demo`. */
  readonly home: Provider;
  /** What they connect: `notes`, called Notes. */
  readonly notes: Provider;
  readonly events: AuditEvent[];

  private constructor(parts: { stack: Stack; home: Provider; notes: Provider; events: AuditEvent[] }) {
    this.stack = parts.stack;
    this.home = parts.home;
    this.notes = parts.notes;
    this.events = parts.events;
  }

  static async start(
    config: Readonly<Record<string, unknown>> = {},
    {
      providers,
      files = {},
    }: { readonly providers: Providers; readonly files?: Readonly<Record<string, Uint8Array>> },
  ): Promise<Scene> {
    const { home, notes } = providers;
    const events: AuditEvent[] = [];
    const collaborators: Pick<AuthServerOptions, 'audit'> = { audit: (event) => void events.push(event) };
    const upstreams = upstreamsOf(home.issuer, notes.issuer);
    const stack = await startStack({ upstreams, ...config }, { provider: home, collaborators, files });
    return new Scene({ stack, home, notes, events });
  }

  /** A browser that is signed in to the page. */
  async signedIn(account = 'alice', browser = this.stack.browser()): Promise<Browser> {
    const back = await this.walkToSignIn(browser, account);
    const answered = await browser.get(back);
    if (answered.status !== 303) throw new Error(`sign-in: ${answered.status} ${await answered.text()}`);
    return browser;
  }

  /** From the page to the address that the provider sends the browser back to. */
  async walkToSignIn(browser: Browser, account = 'alice', from = page): Promise<string> {
    const html = await (await browser.get(from)).text();
    const posted = await browser.post(page, { request: formOf(html, 'Sign in with') });
    return this.home.signIn(posted.headers.get('location') ?? '', account);
  }

  /** From the signed-in page to the address that the other provider sends the browser back to. */
  async walkToNotes(browser: Browser, account: string, button = 'Connect'): Promise<string> {
    const html = await (await browser.get(page)).text();
    const posted = await browser.post(page, { request: formOf(html, button) });
    const location = posted.headers.get('location');
    if (location === null) throw new Error(`connect: ${posted.status} ${await posted.text()}`);
    return this.notes.signIn(location, account);
  }

  /** Connects an account of the other provider, to the end. */
  async connect(browser: Browser, account: string, button = 'Connect'): Promise<Response> {
    const asked = await browser.get(await this.walkToNotes(browser, account, button));
    const html = await asked.text();
    return browser.post(page, { request: formOf(html, 'Connect'), decision: 'allow' });
  }

  /** Presses a button of the page. */
  async press(browser: Browser, button: string): Promise<Response> {
    const html = await (await browser.get(page)).text();
    return browser.post(page, { request: formOf(html, button) });
  }

  /** The providers go on: each test has a server of its own, and they know nobody but browsers. */
  async close(): Promise<void> {
    await this.stack.auth.close();
  }
}

/** The sealed order of the first form with a button that begins with these words. */
export function formOf(html: string, button: string): string {
  for (const [, form = ''] of html.matchAll(/<form[^>]*>(.*?)<\/form>/gsu)) {
    const labels = [...form.matchAll(/<button[^>]*>(.*?)<\/button>/gsu)].map(([, label = '']) =>
      label.replaceAll(/<[^>]*>/gu, '').trim(),
    );
    const [, request] = /name="request"[^>]*value="([^"]+)"/u.exec(form) ?? [];
    if (request !== undefined && labels.some((label) => label.startsWith(button))) return request;
  }
  throw new Error(`no button “${button}” in: ${html.replace(/<style>.*?<\/style>/su, '').slice(0, 2000)}`);
}

/** Sections of two upstreams. */
export function upstreamsOf(home: string, notes: string): readonly object[] {
  const oidc = (issuer_url: string) => ({
    issuer_url,
    client_id: 'sallyport',
    client_secret_env_var: 'UPSTREAM_SECRET',
  });
  return [
    { name: 'demo', type: 'oidc', display_name: 'Demo', oidc_config: oidc(home) },
    { name: 'notes', type: 'oidc', display_name: 'Notes', when: 'later', oidc_config: oidc(notes) },
  ];
}

/** Us, as one of the providers knows us. */
export function clientOf(upstream: string, at = issuer) {
  return {
    client_id: 'sallyport',
    client_secret: upstreamSecret,
    redirect_uris: [`${at}/oauth/callback/${upstream}`],
    grant_types: ['authorization_code', 'refresh_token'],
  };
}
