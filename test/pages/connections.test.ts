import { describe, expect, it } from 'vitest';
import { renderConfirmAccountPage } from '../../src/ui/connections-doors.ts';
import { renderConnectionsPage } from '../../src/ui/connections.ts';
import { confirmView, connectionsView, textOf } from './views.ts';

describe('the connections page', () => {
  it('tells of an account what it may, since when, and that it works', () => {
    const text = textOf(renderConnectionsPage(connectionsView()));
    expect(text).toContain(
      'alice@notes.example 00u1ab connected used by apps May use notes.read . Connected',
    );
    expect(text).toContain('Connected 3 Nov 2026, 09:30 UTC , renewed 23 Nov 2026, 14:05 UTC');
    expect(text).toContain('Reconnect Disconnect… Apps can no longer use it. Disconnect now');
    expect(text).toContain('Connect another account');
  });

  it('offers to connect again what the upstream ended', () => {
    const text = textOf(renderConnectionsPage(connectionsView({ works: false, chosen: false })));
    expect(text).toContain('Notes ended this connection.');
    expect(text).toContain('Connect again');
    expect(text).not.toContain('used by apps');
  });

  it.each([
    [1, 'one sign-in of an app will end as well.'],
    [3, '3 sign-ins of apps will end as well.'],
  ])('says before the click that %d end with an account', (apps, words) => {
    expect(textOf(renderConnectionsPage(connectionsView({ apps })))).toContain(words);
  });

  it('says what an app asked for, and when it is there', () => {
    const asked = { asked: true, accounts: [] };
    expect(textOf(renderConnectionsPage(connectionsView({}, asked)))).toContain('Not connected. Connect');
    expect(textOf(renderConnectionsPage(connectionsView({}, asked)))).toContain('The app needs it');
    const done = textOf(renderConnectionsPage(connectionsView({}, { justConnected: true })));
    expect(done).toContain('Notes is connected. Go back to the app and try again.');
  });

  it('shows the operator’s picture of an upstream, from where a policy can admit it', () => {
    const html = (icon: string): string => renderConnectionsPage(connectionsView({}, { icon }));
    expect(html('https://notes.example/icon.svg')).toContain('<img src="https://notes.example/icon.svg"');
    for (const icon of ['http://notes.example/icon.svg', 'javascript:alert(1)', 'data:text/html,x', 'x'])
      expect(html(icon)).not.toContain('<img');
  });
});

describe('the question about an account', () => {
  it('names the account, what apps may, and whose it will be', () => {
    const text = textOf(renderConfirmAccountPage(confirmView()));
    expect(text).toContain('Account at Notes alice@notes.example 00u1ab');
    expect(text).toContain('Apps may use notes.read');
    expect(text).toContain('Connected to alice@example.com of Okta');
    expect(text).not.toContain('another account than');
  });

  it('tells accounts without a name by their id', () => {
    const account = { name: null, id: '583231' };
    expect(textOf(renderConfirmAccountPage(confirmView({ account })))).toContain('account 583231');
  });

  it('warns of a provider that does not tell which account it is', () => {
    const account = { name: null, id: null };
    const text = textOf(renderConfirmAccountPage(confirmView({ account })));
    expect(text).toContain('an account that the provider does not name');
    expect(text).toContain('Make sure that you are signed in there as yourself.');
  });

  it('has its button under the pane that keeps second clicks away', () => {
    const html = renderConfirmAccountPage(confirmView());
    expect(html).toMatch(/<div class="allow"><button[^>]*value="allow"/u);
  });
});
