import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../../examples/demo/loopback-server.ts';
import { listenOnLoopback } from '../../examples/demo/loopback-server.ts';
import type { Visit } from '../../examples/demo/player.ts';
import { Player, hasLeft } from '../../examples/demo/player.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  readonly body: string;
}

const form =
  '<form method="post" action="/next"><input name="f" value="1"><button name="b" value="go">Go</button></form>';

let server: LoopbackServer;
let seen: Seen[];
let answers: Record<string, (response: ServerResponse) => void>;

async function record(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method = '', url = '', headers } = request;
  seen.push({ method, url, origin: headers.origin, cookie: headers.cookie, body });
  const answer = answers[url.split('?')[0] ?? ''];
  if (answer === undefined) response.writeHead(404).end('nothing here');
  else answer(response);
}

function page(html: string, headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return (response) => response.writeHead(200, headers).end(html);
}

function redirect(location: string, status = 302): (response: ServerResponse) => void {
  return (response) => response.writeHead(status, { location }).end();
}

function player(onVisit?: (visit: Visit) => void): Player {
  const belongsToApp = (url: URL): boolean => url.host === 'app.example';
  return new Player(onVisit === undefined ? { belongsToApp } : { belongsToApp, onVisit });
}

beforeEach(async () => {
  seen = [];
  answers = {};
  const place = { port: 0, what: 'a test', variable: 'NONE' };
  server = await listenOnLoopback(place, () => (request, response) => void record(request, response));
});

afterEach(() => server.close());

describe('the player', () => {
  it('follows redirects, keeps cookies on the way, and stops at a page', async () => {
    answers['/start'] = (response) =>
      response.writeHead(302, { location: '/end', 'set-cookie': 'a=1; Path=/' }).end();
    answers['/end'] = page('<h1>Here</h1>');
    const visits: Visit[] = [];
    const place = await player((visit) => visits.push(visit)).open(`${server.url}/start`);
    expect(place).toMatchObject({ status: 200, html: '<h1>Here</h1>' });
    expect(seen.map(({ url, cookie }) => [url, cookie])).toEqual([
      ['/start', undefined],
      ['/end', 'a=1'],
    ]);
    expect(visits.map(({ status, location }) => [status, location?.pathname])).toEqual([
      [302, '/end'],
      [200, undefined],
    ]);
  });

  it('shows error pages as a browser would', async () => {
    expect(await player().open(`${server.url}/missing`)).toMatchObject({ status: 404, html: 'nothing here' });
  });

  it.each(['https://app.example/cb?code=1', 'cursor://x/cb?code=1'])(
    'hands over %s without going there',
    async (address) => {
      answers['/start'] = redirect(address);
      const place = await player().open(`${server.url}/start`);
      expect(hasLeft(place) && place.leftFor.href).toBe(address);
      expect(seen).toHaveLength(1);
    },
  );

  it('sends the form with the button that was pressed, and our origin', async () => {
    answers['/form'] = page(form);
    answers['/next'] = page('done');
    const browser = player();
    const place = await browser.open(`${server.url}/form`);
    if (hasLeft(place)) throw new Error('left');
    await browser.press(place, 'go');
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/next', body: 'f=1&b=go', origin: server.url });
  });

  it('sends the origin "null" from a page without referrer, unless the page itself says otherwise', async () => {
    answers['/next'] = page('done');
    const press = async (html: string): Promise<string | undefined> => {
      answers['/form'] = page(html, { 'referrer-policy': 'no-referrer' });
      const browser = player();
      const place = await browser.open(`${server.url}/form`);
      if (!hasLeft(place)) await browser.press(place, 'go');
      return seen.at(-1)?.origin;
    };
    expect(await press(form)).toBe('null');
    expect(await press(`<meta name="referrer" content="same-origin">${form}`)).toBe(server.url);
  });

  it('keeps method and body over 307, and drops them over 303', async () => {
    answers['/form'] = page(form);
    answers['/next'] = redirect('/kept', 307);
    answers['/kept'] = redirect('/dropped', 303);
    answers['/dropped'] = page('done');
    const browser = player();
    const place = await browser.open(`${server.url}/form`);
    if (!hasLeft(place)) await browser.press(place, 'go');
    expect(seen.slice(2).map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'f=1&b=go'],
      ['GET', ''],
    ]);
  });

  it('sends a form whose script sends it', async () => {
    answers['/form'] = page(`<script>document.forms[0].submit()</script>${form}`);
    answers['/next'] = page('done');
    expect(await player().open(`${server.url}/form`)).toMatchObject({ html: 'done' });
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: 'f=1' });
  });

  it('puts the fields of a GET form into the address', async () => {
    answers['/form'] = page(form.replace('post', 'get'));
    answers['/next'] = page('done');
    const browser = player();
    const place = await browser.open(`${server.url}/form`);
    if (!hasLeft(place)) await browser.press(place, 'go');
    expect(seen.at(-1)).toMatchObject({ method: 'GET', url: '/next?f=1&b=go', origin: undefined });
  });

  it('cannot press what is not there', async () => {
    answers['/form'] = page(form);
    const browser = player();
    const place = await browser.open(`${server.url}/form`);
    if (hasLeft(place)) throw new Error('left');
    await expect(browser.press(place, 'other')).rejects.toThrow('no button "other"');
  });

  it('gives up on a loop', async () => {
    answers['/loop'] = redirect('/loop');
    await expect(player().open(`${server.url}/loop`)).rejects.toThrow('redirects');
  });
});
