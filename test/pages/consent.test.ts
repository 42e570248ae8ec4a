import { describe, expect, it } from 'vitest';
import { renderConsentPage } from '../../src/ui/consent.ts';
import { consentView, textOf } from './views.ts';

describe('the consent page', () => {
  it('posts the sealed request and one of two decisions', () => {
    const html = renderConsentPage(consentView({ action: 'https://issuer.example/oauth/consent' }));
    expect(html).toContain('<form method="post" action="https://issuer.example/oauth/consent" id="decide">');
    expect(html).toContain('<input type="hidden" name="request" value="sealed-request" />');
    expect([...html.matchAll(/name="decision" value="(\w+)"/g)].map(([, value]) => value)).toEqual([
      'deny',
      'allow',
    ]);
  });

  it('puts Cancel before Allow, so that the first key press is the harmless one', () => {
    const html = renderConsentPage(consentView());
    expect(html.indexOf('>Cancel<')).toBeLessThan(html.indexOf('>Allow<'));
  });

  it('needs neither script nor field nor positive tabindex: Tab and Enter are enough', () => {
    const html = renderConsentPage(consentView());
    expect(html).not.toMatch(/<script|\son\w+=|tabindex|autofocus/i);
    expect(html.match(/<button/g)).toHaveLength(2);
    expect(html.match(/<input/g)).toHaveLength(1);
  });

  it('names the client in quotes and says that nobody has checked the name', () => {
    const text = textOf(renderConsentPage(consentView()));
    expect(text).toMatch(/Allow “ Claude Code ” to connect\?/);
    expect(text).toContain('unverified The app chose its name itself. Nobody has checked it.');
  });

  it('does not call a client of the operator unverified', () => {
    const client = { name: 'Backoffice', verified: true, host: null, id: 'backoffice' };
    const text = textOf(renderConsentPage(consentView({ client })));
    expect(text).not.toContain('unverified');
    expect(text).toContain('This app was set up by whoever runs Acme Tools');
  });

  it('says who vouches for an app, as text, and calls it so only where its code leaves the computer', () => {
    const client = { name: 'Notes', verified: false, id: 'x', host: null, voucher: 'vouch.example.com' };
    const redirect = { kind: 'https', display: 'app.example.com' } as const;
    const text = (view: Parameters<typeof consentView>[0]): string =>
      textOf(renderConsentPage(consentView(view)));
    const sure = text({ client, redirect });
    expect(sure).toContain('vouched for This app registered itself. vouch.example.com vouches for it');
    expect(sure).not.toContain('Nobody has checked');
    expect(sure).toContain('Access goes to app.example.com');
    const local = text({ client });
    expect(local).toContain('unverified This app registered itself. vouch.example.com vouches for it');
    expect(local).toContain('Any program on this computer can ask like this.');
    const described = text({ client: { ...client, host: 'app.example.com' }, redirect });
    expect(described).toContain('chose what it is called. vouch.example.com vouches for it');
    const script = { ...client, voucher: '<script>alert(1)</script>' };
    expect(renderConsentPage(consentView({ client: script }))).not.toContain('<script');
  });

  it('knows an app whose vendor describes it and receives its codes, and nothing less', () => {
    const known = { label: 'Claude', standing: 'verified' } as const;
    const redirect = { kind: 'https', display: 'claude.ai' } as const;
    const client = { name: 'Claude', verified: false, id: 'x', known };
    const described = { ...client, host: 'claude.ai' };
    const text = (view: Parameters<typeof consentView>[0]): string =>
      textOf(renderConsentPage(consentView(view)));
    const sure = text({ client: described, redirect });
    expect(sure).toContain('known app The website claude.ai describes this app');
    expect(sure).toContain('where Claude comes from');
    // A program on a computer may use anybody's document, and anybody may register the address of somebody else.
    expect(text({ client: described })).toContain('unverified The website claude.ai describes this app');
    expect(text({ client: { ...client, host: null }, redirect })).toContain(
      'unverified The app chose its name',
    );
    const unknown = { ...described, known: null };
    expect(text({ client: unknown, redirect })).toContain('unverified The website claude.ai');
    expect(text({ client: unknown, redirect })).toContain('Nobody has checked that.');
  });

  it.each([[null], [''], ['   '], ['\u200B\u202E'], ['\u3164']])(
    'says so when the client has no name (%j)',
    (name) => {
      const client = { name, verified: false, host: null, id: 'x' };
      expect(textOf(renderConsentPage(consentView({ client })))).toContain(
        'Allow an app without a name to connect?',
      );
    },
  );

  it('warns in plain words when the code goes to this computer', () => {
    const text = textOf(renderConsentPage(consentView()));
    expect(text).toContain('An app on this computer localhost:53211');
    expect(text).toContain('Any program on this computer can ask like this.');
  });

  it('names the scheme when the code goes to an installed app', () => {
    const redirect = { kind: 'private-use', display: 'cursor:' } as const;
    const text = textOf(renderConsentPage(consentView({ redirect })));
    expect(text).toContain('The app registered for cursor: on this device');
    expect(text).toContain('Any app on this device can claim that address.');
  });

  it('names the site when the code goes to one, and asks whether the person knows it', () => {
    const redirect = { kind: 'https', display: 'claude.ai' } as const;
    const text = textOf(renderConsentPage(consentView({ redirect })));
    expect(text).toContain('Access goes to claude.ai');
    expect(text).toContain('Allow it only if you know this site');
  });

  it('does not warn about the site of a client that the operator configured', () => {
    const redirect = { kind: 'https', display: 'backoffice.example' } as const;
    const client = { name: 'Backoffice', verified: true, host: null, id: 'backoffice' };
    const html = renderConsentPage(consentView({ redirect, client }));
    expect(textOf(html)).toContain('Access goes to backoffice.example');
    expect(html).not.toContain('class="note"');
  });

  it('shows the longest host name to its end, because the end says whose it is', () => {
    const label = 'a'.repeat(63);
    const display = `accounts.google.com.${label}.${label}.${label}.evil.example:65535`;
    const html = renderConsentPage(consentView({ redirect: { kind: 'https', display } }));
    expect(textOf(html)).toContain(display);
  });

  it('names the resource, and the upstream with what is asked of it', () => {
    const text = textOf(renderConsentPage(consentView()));
    expect(text).toContain('https://tools.acme.example/mcp');
    expect(text).toMatch(
      /You sign in with Okta You will be taken there next\. Acme Tools asks it for openid , email/,
    );
  });

  it('asks nothing of an upstream without scopes', () => {
    const text = textOf(
      renderConsentPage(
        consentView({ upstreams: [{ name: 'github', displayName: 'GitHub', icon: null, scopes: [] }] }),
      ),
    );
    expect(text).toContain('You sign in with GitHub You will be taken there next.');
    expect(text).not.toContain('asks it for');
  });

  it('lists scopes with the words of the operator, our own for standard ones, and the name for the rest', () => {
    const scopes = [
      { name: 'tickets:read', description: 'Read your tickets', field: 'scope-0' },
      { name: 'email', description: null, field: null },
      { name: 'openid', description: 'Know your staff number', field: null },
      { name: 'tickets:write', description: null, field: 'scope-3' },
    ];
    const text = textOf(renderConsentPage(consentView({ scopes })));
    expect(text).toContain('It may Read your tickets tickets:read See your e-mail address email');
    expect(text).toContain(
      'Know your staff number openid tickets:write Uncheck what it may not do. You sign in with',
    );
  });

  it('says what else a scope lets an app do, and that this goes with what it includes', () => {
    const write = { name: 'tickets:write', description: 'Change your tickets' };
    const all = { name: 'tickets:all', description: 'Delete your tickets', field: 'scope-1' };
    const includes = [write, { name: 'tickets:<read>', description: null }];
    const alone = textOf(renderConsentPage(consentView({ scopes: [{ ...all, includes }] })));
    expect(alone).toContain('Delete your tickets tickets:all Includes: Change your tickets , tickets:<read>');
    expect(alone).toContain('Uncheck what it may not do. You sign in with');
    const both = [
      { ...write, field: 'scope-0' },
      { ...all, includes },
    ];
    const tied = textOf(renderConsentPage(consentView({ scopes: both })));
    expect(tied).toContain('Uncheck what it may not do. What includes it is left out with it.');
  });

  it('has no list of permissions when there are no scopes', () => {
    expect(textOf(renderConsentPage(consentView({ scopes: [] })))).not.toContain('It may');
  });

  it('keeps the client id at hand, whole, for whoever compares it with a log', () => {
    const id = `sp_dc_${'x'.repeat(1018)}`;
    const client = { name: 'Claude Code', verified: false, host: null, id };
    expect(textOf(renderConsentPage(consentView({ client })))).toContain(`Client id: ${id}`);
  });

  it('says whose address codes go to when that is known, and warns of a name that is somebody else’s', () => {
    const redirect = { kind: 'https', display: 'claude.ai' } as const;
    const client = { name: 'Claude', verified: false, host: null, id: 'x' };
    const page = (standing: 'verified' | 'contradicted'): string =>
      textOf(
        renderConsentPage(
          consentView({ redirect, client: { ...client, known: { label: 'Claude', standing } } }),
        ),
      );
    expect(page('verified')).toContain('claude.ai The address of Claude');
    expect(page('contradicted')).toMatch(/It calls itself Claude ?, but that app uses other addresses\./u);
    expect(page('contradicted')).not.toContain('The address of');
  });

  it('takes Enter in a box for no yes: the first button is the one that says no', () => {
    const two = ['okta', 'github'].map((name) => ({ name, displayName: name, icon: null, scopes: [] }));
    const scopes = [{ name: 'email', description: null, field: 'scope-0' }];
    for (const view of [{ scopes }, { scopes, choose: true, upstreams: two }, { remember: 1000 }]) {
      const html = renderConsentPage(consentView(view));
      expect(/<button[^>]*value="(\w+)"/u.exec(html)?.[1]).toBe('deny');
    }
  });

  it('names the account, offers another one, and offers to remember only where that is possible', () => {
    const account = { name: 'alice@example.com', upstream: 'Okta' };
    const html = renderConsentPage(consentView({ account, remember: 30 * 86_400_000 }));
    expect(textOf(html)).toContain('You go on as alice@example.com at Okta');
    expect(html).toContain('value="other_account"');
    expect(textOf(html)).toContain('Do not ask me about this app again in this browser, for 30 days');
    const plain = renderConsentPage(consentView());
    expect(plain).not.toContain('other_account');
    expect(plain).not.toContain('type="checkbox"');
  });

  it.each([
    ['other_user', 'Somebody else was signed in here before'],
    ['without_cookie', 'Did somebody send you a link that led here? Then cancel.'],
    ['forgotten', 'was taken back meanwhile'],
  ] as const)('asks after the sign-in, and says why: %s', (again, words) => {
    const account = { name: 'bob@example.com', upstream: 'Okta' };
    const html = renderConsentPage(consentView({ account, again, form: { name: 'second', value: 'x' } }));
    const text = textOf(html);
    expect(text).toContain(words);
    expect(text).toMatch(
      /If you allow it, “ ?Claude Code ?” acts as bob@example\.com ?, and access goes to localhost:53211/u,
    );
    expect(text).toContain('You signed in as bob@example.com at Okta');
    expect(text).not.toContain('You will be taken there next');
    expect(html.includes('other_account')).toBe(again !== 'without_cookie');
  });
});
