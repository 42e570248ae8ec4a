import { describe, expect, it } from 'vitest';
import { checkRedirectUri } from '../../src/oauth/redirect-uri.ts';

describe('a scheme that is no app’s own is refused', () => {
  it.each([
    ['runs code', 'javascript:alert(1)'],
    ['runs code', 'JaVaScRiPt:alert(1)'],
    ['runs code', 'javascript://app.example/%0aalert(1)'],
    ['runs code', 'vbscript:msgbox(1)'],
    ['runs code', 'livescript:x'],
    ['holds its own page', 'data:text/html,x'],
    ['holds its own page', 'blob:https://app.example/1'],
    ['holds its own page', 'about:blank'],
    ['reads files', 'file:///etc/passwd'],
    ['reads files', 'filesystem:https://app.example/temporary/x'],
    ['reads files', 'view-source:https://app.example/'],
    ['reads files', 'jar:https://app.example/x!/'],
    ['is the network’s', 'ws://app.example/'],
    ['is the network’s', 'wss://app.example/'],
    ['is the network’s', 'ftp://app.example/'],
    ['is the network’s', 'smb://app.example/share'],
    ['sends a message', 'mailto:thief@evil.example'],
    ['sends a message', 'sms:+1555'],
    ['sends a message', 'smsto:+1555'],
    ['sends a message', 'xmpp:thief@evil.example'],
    ['calls', 'tel:+1555'],
    ['calls', 'callto:thief'],
    ['opens a session', 'rdp://evil.example'],
    ['opens a session', 'svn://evil.example'],
    ['calls', 'facetime://thief@evil.example'],
    ['may be any website’s', 'web+app://cb'],
    ['may be any website’s', 'magnet:?x=1'],
    ['may be any website’s', 'urn:ietf:wg:oauth:2.0:oob'],
    ['may be any extension’s', 'ext+app:cb'],
    ['is the browser’s', 'chrome://settings/'],
    ['is the browser’s', 'chrome-extension://abc/cb'],
    ['is the browser’s', 'moz-extension://abc/cb'],
    ['is the browser’s', 'edge://settings'],
    ['is the browser’s', 'devtools://devtools/x'],
    ['opens another address', 'intent://evil.example/#Intent;end'],
    ['opens another address', 'microsoft-edge:https://evil.example'],
    ['opens another address', 'googlechrome://navigate?url=https://evil.example'],
    ['is the system’s', 'ms-msdt:/id'],
    ['is the system’s', 'ms-officecmd:x'],
    ['is the system’s', 'MS-Settings:privacy'],
    ['is the system’s', 'search-ms:query=x'],
    ['is the system’s', 'itms-services://?action=download-manifest'],
    ['is the system’s', 'x-apple.systempreferences:x'],
    ['is the system’s', 'shortcuts://run-shortcut?name=x'],
    ['is a drive', 'c:/windows/system32'],
    ['is a host without http', 'localhost:3000/callback'],
  ])('because it %s: %s', (_why, uri) => {
    expect(checkRedirectUri(uri)).not.toBeNull();
  });

  it('and the answer names it', () => {
    expect(checkRedirectUri('JavaScript:alert(1)')).toContain('javascript');
  });
});

describe('an http address off this computer is refused', () => {
  it.each([
    'http://app.example.com/cb',
    'http://x.localhost/cb',
    'http://localhost.evil.example/cb',
    'http://localhost./cb',
    'http://localhost@evil.example/cb',
    'http://localhost:1@evil.example/cb',
    'http://evil.example:80/localhost',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.1.nip.io/cb',
    'http://127.1/cb',
    'http://127.0.1/cb',
    'http://2130706433/cb',
    'http://0x7f000001/cb',
    'http://0x7f.0.0.1/cb',
    'http://0177.0.0.1/cb',
    'http://127.0.0.01/cb',
    'http://127.0.0.256/cb',
    'http://127.0.0.1./cb',
    'http://0.0.0.0/cb',
    'http://0/cb',
    'http://10.0.0.1/cb',
    'http://128.0.0.1/cb',
    'http://169.254.169.254/latest',
    'http://[::]/cb',
    'http://[::2]/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://[::1%25lo]/cb',
    'http://[::1].evil.example/cb',
    'http://loc%61lhost/cb',
    'http://localhost%00.evil.example/cb',
    'http://localhost:/cb',
    'http://localhost:abc/cb',
    'http://localhost:99999/cb',
    'http://localhost:-1/cb',
    'http://ⓛocalhost/cb',
    'http:localhost/cb',
    'http:/localhost/cb',
    'http:///localhost/cb',
    'http://',
    'http://?localhost',
  ])('%s', (uri) => {
    expect(checkRedirectUri(uri)).not.toBeNull();
  });
});

describe('an https address that parsers read differently is refused', () => {
  it.each([
    ['a user name', 'https://user@app.example.com/cb'],
    ['a password', 'https://app.example.com:x@evil.example/cb'],
    ['an empty user name', 'https://@evil.example/cb'],
    ['an encoded at sign', 'https://app.example.com%40evil.example/cb'],
    ['an encoded slash in the host', 'https://evil.example%2fapp.example.com/cb'],
    ['a backslash', 'https://evil.example\\@app.example.com/cb'],
    ['a backslash in the path', 'https://app.example.com/\\evil.example'],
    ['a semicolon in the host', 'https://app.example.com;evil.example/cb'],
    ['a comma in the host', 'https://app.example.com,evil.example/cb'],
    ['a wildcard', 'https://*.example.com/cb'],
    ['an empty label', 'https://app..example.com/cb'],
    ['a trailing dot', 'https://app.example.com./cb'],
    ['a leading dot', 'https://.example.com/cb'],
    ['an address in hexadecimal', 'https://0x7f000001/cb'],
    ['an address as one number', 'https://2130706433/cb'],
    ['a short address', 'https://127.1/cb'],
    ['an address that is not shortened', 'https://[2001:db8:0:0:0:0:0:7]/cb'],
    ['no port after the colon', 'https://app.example.com:/cb'],
    ['a port with zeros before', 'https://app.example.com:08443/cb'],
    ['a host in other letters', 'https://аpp.example.com/cb'],
    ['a full-width dot', 'https://app．example.com/cb'],
    ['no host', 'https:///cb'],
    ['no host at all', 'https://'],
    ['one slash', 'https:/app.example.com/cb'],
    ['no slash', 'https:app.example.com/cb'],
    ['a fragment', 'https://app.example.com/cb#x'],
    ['an empty fragment', 'https://app.example.com/cb#'],
    ['dot segments', 'https://app.example.com/cb/../evil'],
    ['a dot segment at its end', 'https://app.example.com/cb/..'],
    ['single dots', 'https://app.example.com/./cb'],
    ['encoded dot segments', 'https://app.example.com/cb/%2e%2E/evil'],
    ['half encoded dot segments', 'https://app.example.com/cb/.%2e/evil'],
    ['an encoded line break', 'https://app.example.com/cb%0d%0aSet-Cookie:x'],
    ['an encoded NUL', 'https://app.example.com/cb%00'],
    ['an encoded delete', 'https://app.example.com/cb?x=%7F'],
    ['a cut escape', 'https://app.example.com/cb%2'],
    ['an escape that is none', 'https://app.example.com/cb%zz'],
    ['a space', 'https://app.example.com/c b'],
    ['a space before', ' https://app.example.com/cb'],
    ['a space after', 'https://app.example.com/cb '],
    ['a tab', 'https://app.exam\tple.com/cb'],
    ['a line break', 'https://app.example.com/cb\r\nSet-Cookie: x'],
    ['a line break inside the scheme', 'java\nscript:alert(1)'],
    ['a NUL', 'https://app.example.com/cb\0'],
    ['a quote', 'https://app.example.com/"onload=x'],
    ['angle brackets', 'https://app.example.com/<script>'],
    ['a letter outside ASCII', 'https://app.example.com/é'],
    ['a lone surrogate', 'https://app.example.com/\ud800'],
    ['more than 2048 characters', `https://app.example.com/${'a'.repeat(2048)}`],
  ])('for %s', (_what, uri) => {
    expect(checkRedirectUri(uri)).not.toBeNull();
  });

  it('while 2048 characters are fine', () => {
    const start = 'https://app.example.com/';
    expect(checkRedirectUri(start.padEnd(2048, 'a'))).toBeNull();
    expect(checkRedirectUri(start.padEnd(2049, 'a'))).toContain('2048');
  });
});

describe('something that is no address of an app is refused', () => {
  it.each([
    ['nothing', ''],
    ['a path', '/callback'],
    ['an address without scheme', '//app.example.com/cb'],
    ['a host', 'app/cb'],
    ['a scheme with a wrong letter', 'my_app://cb'],
    ['a scheme with a digit first', '1app://cb'],
    ['a scheme alone', 'cursor:'],
    ['a scheme with slashes alone', 'cursor://'],
    ['a query alone', 'cursor:?x=1'],
    ['a user name', 'cursor://user@host/cb'],
    ['an encoded host', 'cursor://ho%73t/cb'],
    ['dot segments', 'cursor://host/../cb'],
    ['dots alone', 'cursor:..'],
    ['a fragment', 'cursor://host/cb#x'],
    ['a backslash', 'cursor:\\\\host\\cb'],
    ['a space', 'cursor://host/c b'],
    ['a line break', 'cursor://host/cb\n'],
    ['an encoded line break', 'cursor://host/cb%0A'],
  ])('%s', (_what, uri) => {
    expect(checkRedirectUri(uri)).not.toBeNull();
  });
});
