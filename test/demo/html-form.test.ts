import { describe, expect, it } from 'vitest';
import { renderSignOutPage } from '../../examples/demo/provider-pages.ts';
import { firstForm } from '../../examples/demo/html-form.ts';
import { renderConsentPage } from '../../src/ui/consent.ts';
import { renderAlreadySignedInPage } from '../../src/ui/signed-in.ts';
import { brand, consentView } from '../pages/views.ts';

describe('the first form of a page', () => {
  it('is what the consent page would send, entities decoded', () => {
    const request = `a"b<c>&amp;'d`;
    const html = renderConsentPage(
      consentView({ form: { name: 'request', value: request }, action: '/oauth/consent?a=1&b=2' }),
    );
    expect(firstForm(html)).toEqual({
      method: 'POST',
      action: '/oauth/consent?a=1&b=2',
      fields: [['request', request]],
      buttons: [
        { name: 'decision', value: 'deny' },
        { name: 'decision', value: 'allow' },
      ],
    });
  });

  it('has the boxes that are checked, wherever they stand', () => {
    const scopes = [
      { name: 'openid', description: null, field: null },
      { name: 'email', description: null, field: 'scope-1' },
    ];
    const form = firstForm(renderConsentPage(consentView({ scopes, remember: 1000 })));
    expect(form?.fields).toEqual([
      ['request', 'sealed-request'],
      ['choice', 'scopes'],
      ['scope-1', 'on'],
    ]);
    expect(form?.buttons.map(({ value }) => value)).toEqual(['deny', 'allow']);
  });

  it('has the buttons that stand outside and name it', () => {
    const html = renderSignOutPage(
      '<form id="op.logoutForm" method="post" action="http://localhost/confirm"><input type="hidden" name="xsrf" value="1"/></form>',
    );
    expect(firstForm(html)).toMatchObject({
      fields: [['xsrf', '1']],
      buttons: [
        { name: '', value: '' },
        { name: 'logout', value: 'yes' },
      ],
    });
  });

  it('is a GET to the page itself when nothing else is said', () => {
    expect(firstForm('<form><input value=x name=y><button>Go</button></form>')).toEqual({
      method: 'GET',
      action: '',
      fields: [['y', 'x']],
      buttons: [{ name: '', value: '' }],
    });
  });

  it('leaves out inputs without a name and decodes numeric entities', () => {
    const form = firstForm(
      "<form method='post'><input value='a'><input name='b' value='&#65;&#x42;&unknown;'></form>",
    );
    expect(form?.fields).toEqual([['b', 'AB&unknown;']]);
  });

  it('is null when there is none', () => {
    expect(firstForm(renderAlreadySignedInPage({ brand, correlationId: 'x' }))).toBeNull();
  });
});
