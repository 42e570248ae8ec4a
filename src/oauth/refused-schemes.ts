/**
 * Schemes that no redirect URI may have. Real apps use names such as `cursor:`, `claude:` and `vscode:`, so the dotted form of
 * RFC 8252 §7.1 cannot be demanded, and a list of good names would shut out every new app. Refused is what certainly is no
 * app's own; the consent page shows the rest to the user. Each group says why.
 */
const refused: ReadonlySet<string> = new Set(
  [
    // Run code in the page, or show what the URI itself holds.
    'javascript jscript livescript mocha vbscript vbs data blob about content cid mid mhtml',
    // Read local files, archives, or the browser's own pages.
    'file filesystem jar wyciwyg view-source resource res its mk extension isolated-app',
    // Fetched by the browser over the network, some without encryption.
    'ws wss ftps gopher dav cifs smb afp nfs dict feed',
    // Any website may become the handler of these (HTML §8.3.1.2, safelisted schemes).
    'bitcoin ftp geo im irc ircs magnet mailto matrix mms news nntp openpgp4fpr sftp sip sms smsto ssh tel urn webcal wtai xmpp',
    // Calls, messages and remote sessions, which the code would be sent to.
    'callto facetime facetime-audio sips telnet tn3270 rlogin rdp vnc ldap ldaps snews imap pop rtsp rtmp git svn',
    // The system's: installers, settings, scripts and helpers that open further addresses (`ms-` is below).
    'intent android-app market app-settings prefs app-prefs shortcuts workflow applescript help shell search search-ms hcp jnlp jnlps',
    'itms itmss itms-apps itms-appss itms-services microsoft-edge googlechrome googlechromes firefox x-web-search',
    // A forgotten `http://`: `localhost:3000/callback` is a URI with the scheme `localhost`.
    'localhost',
  ].flatMap((group) => group.split(' ')),
);

/**
 * Families: the browsers' own pages and extensions; `web+` and `ext+`, which any website or extension may handle; and what
 * Windows and macOS keep for themselves (`ms-msdt:` and `ms-officecmd:` ran commands).
 */
const refusedFamily =
  /^(?:chrome.*|(?:edge|opera|brave|vivaldi|moz|safari|devtools|firefoxurl)(?:-.*)?|ms-.*|x-apple.*|(?:web|ext)\+.*)$/u;

/** Whether a scheme, in lower case, belongs to something else than an app. One letter is a drive of Windows. */
export function isRefusedScheme(scheme: string): boolean {
  return scheme.length === 1 || refused.has(scheme) || refusedFamily.test(scheme);
}
