import { CookieJar } from './cookie-jar.ts';
import type { Form } from './html-form.ts';
import { firstForm } from './html-form.ts';

/** Where the player is. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** The browser was sent to an address that belongs to the app: the player does not go there, it hands it over. */
export interface Departure {
  readonly leftFor: URL;
}

/** One exchange with a server, for whoever wants to watch. */
export interface Visit {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly status: number;
  readonly location: URL | null;
}

export interface PlayerOptions {
  /** True for addresses of the app: its redirect URI. Other schemes than http(s) always belong to an app. */
  readonly belongsToApp: (url: URL) => boolean;
  readonly fetch?: typeof fetch;
  readonly onVisit?: (visit: Visit) => void;
  readonly jar?: CookieJar;
}

interface Step {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body: string | null;
  /** `Origin` header of a form post. */
  readonly origin: string | null;
}

/** More than any sign-in takes; a loop is a failure. */
const mostRedirects = 20;

/** What a browser sends as `Origin` with a same-origin form post: `null` under `no-referrer` (Fetch §3.2). */
function formOrigin(page: Page): string {
  const [, meta] = /<meta name="referrer" content="([^"]*)"/i.exec(page.html) ?? [];
  const policy = meta ?? page.headers.get('referrer-policy');
  return policy === 'no-referrer' ? 'null' : page.url.origin;
}

/** The request that a form makes. */
function stepOf({
  page,
  form,
  button,
}: {
  page: Page;
  form: Form;
  button: Form['buttons'][number] | null;
}): Step {
  const body = new URLSearchParams(form.fields.map(([name, content]) => [name, content]));
  if (button !== null && button.name !== '') body.append(button.name, button.value);
  const url = new URL(form.action, page.url);
  if (form.method === 'POST') return { method: 'POST', url, body: body.toString(), origin: formOrigin(page) };
  url.search = body.toString();
  return { method: 'GET', url, body: null, origin: null };
}

/** The form of a page whose script sends it at once, as oidc-provider's does when another account signs in. */
function selfSending(page: Page): Form | null {
  return page.html.includes('document.forms[0].submit()') ? firstForm(page.html) : null;
}

/** True when the player was sent to the app. */
export function hasLeft(place: Page | Departure): place is Departure {
  return 'leftFor' in place;
}

/** A person with a browser, without the browser: keeps cookies, follows redirects, fills in and sends forms. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #jar: CookieJar;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#jar = options.jar ?? new CookieJar();
  }

  /** Opens an address and follows redirects to the page that a person would see, or to the app. */
  open(url: string | URL): Promise<Page | Departure> {
    return this.#follow({ method: 'GET', url: new URL(url), body: null, origin: null });
  }

  /**
   * Sends the first form of the page with the button that has this value.
   * Throws when there is no form, or no such button on it: a person could not press it either.
   */
  async press(page: Page, value: string): Promise<Page | Departure> {
    const form = firstForm(page.html);
    const button = form?.buttons.find((candidate) => candidate.value === value);
    if (form === null || button === undefined) {
      throw new Error(`there is no button "${value}" on ${page.url.href} (status ${page.status})`);
    }
    return this.#follow(stepOf({ page, form, button }));
  }

  async #follow(first: Step): Promise<Page | Departure> {
    let step = first;
    for (let count = 0; count < mostRedirects; count += 1) {
      if (!/^https?:$/.test(step.url.protocol) || this.#options.belongsToApp(step.url)) {
        return { leftFor: step.url };
      }
      const arrival = await this.#visit(step);
      if ('html' in arrival) return arrival;
      step = arrival;
    }
    throw new Error(`more than ${mostRedirects} redirects from ${first.url.href}`);
  }

  /** One exchange: what comes next, or the page where it ends. */
  async #visit(step: Step): Promise<Step | Page> {
    const response = await this.#send(step);
    const { status, headers } = response;
    const location = headers.get('location');
    if (status < 300 || status > 399 || location === null) {
      const page = { url: step.url, status, headers, html: await response.text() };
      const form = selfSending(page);
      return form === null ? page : stepOf({ page, form, button: null });
    }
    await response.body?.cancel();
    const url = new URL(location, step.url);
    // 307 and 308 keep the method and the body; everything else becomes GET (RFC 9110 §15.4).
    return status >= 307 ? { ...step, url } : { method: 'GET', url, body: null, origin: null };
  }

  async #send(step: Step): Promise<Response> {
    const headers = new Headers({ accept: 'text/html' });
    const cookie = this.#jar.header(step.url);
    if (cookie !== '') headers.set('cookie', cookie);
    if (step.origin !== null) headers.set('origin', step.origin);
    if (step.body !== null) headers.set('content-type', 'application/x-www-form-urlencoded');
    const send = this.#options.fetch ?? fetch;
    const response = await send(step.url, {
      method: step.method,
      headers,
      body: step.body,
      redirect: 'manual',
    });
    this.#jar.keep(step.url, response.headers);
    const location = response.headers.get('location');
    this.#options.onVisit?.({
      method: step.method,
      url: step.url,
      status: response.status,
      location: location === null ? null : new URL(location, step.url),
    });
    return response;
  }
}
