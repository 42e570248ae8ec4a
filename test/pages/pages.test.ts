import { describe, expect, it } from 'vitest';
import { renderDeniedPage } from '../../src/ui/denied.ts';
import { renderErrorPage } from '../../src/ui/error.ts';
import { renderAlreadySignedInPage } from '../../src/ui/signed-in.ts';
import { brand, deniedView, errorView, everyPage, textOf } from './views.ts';

describe('every page', () => {
  const pages = Object.entries(everyPage(brand, 'text'));

  it.each(pages)('%s is a document in a language, with one heading, for small screens too', (_name, html) => {
    expect(html.trimStart()).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1" />');
    expect(html).toContain('<meta charset="utf-8" />');
  });

  it.each(pages)('%s lets forms carry our origin and strangers no address', (_name, html) => {
    expect(html).toContain('<meta name="referrer" content="same-origin" />');
  });

  it.each(pages)('%s stays out of search engines and shows the brand', (_name, html) => {
    expect(html).toContain('<meta name="robots" content="noindex" />');
    expect(textOf(html)).toContain('A Acme Tools');
  });

  it.each(pages)('%s is made for light and dark', (_name, html) => {
    expect(html).toContain('color-scheme:light dark');
    expect(html).toContain('@media (prefers-color-scheme:dark)');
  });
});

describe('the error page', () => {
  it('says what happened, what to do, and the reference for the log', () => {
    const text = textOf(renderErrorPage(errorView()));
    expect(text).toContain('This sign-in cannot continue');
    expect(text).toContain('The app never registered that address.');
    expect(text).toContain('Remove the connection in your app and add it again.');
    expect(text).toContain('Reference for support: 01HZX3T9QK');
  });

  it('has no link unless there is a way back', () => {
    expect(renderErrorPage(errorView())).not.toContain('<a ');
  });

  it.each([
    'https://app.example/cb?error=access_denied&state=a%20b',
    'cursor://x/cb?a=1&b=2',
    'http://localhost:1/cb',
  ])('links back to %s, escaped, and says where it leads', (href) => {
    const html = renderErrorPage(errorView({ returnLink: { href, display: 'the-app' } }));
    expect(html).toContain(`href="${href.replaceAll('&', '&amp;')}"`);
    expect(textOf(html)).toContain('Return to the app Opens the-app');
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '/relative',
    '',
  ])('does not link to %j even if asked to', (href) => {
    expect(renderErrorPage(errorView({ returnLink: { href, display: 'x' } }))).not.toContain('<a ');
  });

  it('cannot be talked out of its attribute', () => {
    const href = 'https://app.example/"><script>alert(1)</script>';
    const html = renderErrorPage(errorView({ returnLink: { href, display: 'x' } }));
    expect(html).toContain('href="https://app.example/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(html).not.toContain('<script');
  });
});

describe('the denial page', () => {
  it('names the account, says whom to ask and how to use another one', () => {
    const text = textOf(renderDeniedPage(deniedView()));
    expect(text).toContain('You signed in with Okta as alice@example.com');
    expect(text).toContain('Ask the person who runs Acme Tools to add the account.');
    expect(text).toContain('Sign out of Okta , then connect again from the app');
    expect(text).toContain('Reference for support: 01HZX3T9QK');
  });

  it('names whom to ask, with the reference, when somebody is configured', () => {
    const mail = renderDeniedPage(deniedView({ contact: 'it-help@example.com', correlationId: 'abc123' }));
    expect(mail).toContain('<a href="mailto:it-help@example.com?subject=No%20access%20(abc123)">');
    const page = renderDeniedPage(deniedView({ contact: 'https://help.example.com/?a=1&b="2"' }));
    expect(page).toContain('<a href="https://help.example.com/?a=1&amp;b=&quot;2&quot;">');
  });

  it('does without a name when the upstream told none', () => {
    const text = textOf(renderDeniedPage(deniedView({ account: null })));
    expect(text).toContain('Signing in with Okta worked, but this account may not use Acme Tools .');
    expect(text).not.toContain('null');
  });

  it('offers the way back when there is one', () => {
    const returnLink = { href: 'https://app.example/cb?error=access_denied', display: 'app.example' };
    expect(renderDeniedPage(deniedView({ returnLink }))).toContain(
      'href="https://app.example/cb?error=access_denied"',
    );
  });
});

describe('the page after a sign-in that is over', () => {
  it('says that it worked and what to do when it did not', () => {
    const html = renderAlreadySignedInPage({ brand, correlationId: 'abc' });
    expect(textOf(html)).toContain('You are signed in');
    expect(textOf(html)).toContain('Is the app still waiting? Then start to connect again from there.');
    expect(html).not.toMatch(/<form|<a /);
  });
});
