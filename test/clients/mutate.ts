import * as fc from 'fast-check';

/** How a redirect URI may be changed so that the code would go elsewhere, or to the same place by another name. */
const changes: Readonly<Record<string, (uri: string, word: string) => string>> = {
  'another host behind': (uri, word) => onHost(uri, (host) => `${host}.${word}.example`),
  'another host before': (uri, word) => onHost(uri, (host) => `${word}.${host}`),
  'another host': (uri, word) => onHost(uri, () => `${word}.example`),
  'a user before the host': (uri, word) => onHost(uri, (host) => `${word}@${host}`),
  'the host as a user': (uri, word) => onHost(uri, (host) => `${host}@${word}.example`),
  'a host behind a backslash': (uri, word) => onHost(uri, (host) => `${word}.example\\@${host}`),
  'a trailing dot': (uri) => onHost(uri, (host) => (host.includes(':') ? `.${host}` : `${host}.`)),
  'a port': (uri) => (uri.startsWith('https:') ? onHost(uri, (host) => `${host}:8443`) : `${uri}:8443`),
  'a number for a host': (uri) => onHost(uri, () => '2130706433'),
  'a homograph': (uri) =>
    onHost(uri, (host) => host.replace(/[aeo1]/u, (one) => homographs[one] ?? one) + 'ı'),
  'dot segments': (uri, word) => `${uri}/../${word}`,
  'encoded dot segments': (uri, word) => `${uri}/%2e%2E/${word}`,
  'a longer path': (uri, word) => `${uri}/${word}`,
  'a longer last segment': (uri, word) => `${uri}${word}`,
  'a shorter path': (uri) => uri.slice(0, -1),
  'a path in other letters': (uri) =>
    uri.replace(/(?<=:\/\/[^/]*\/).*$/u, (path) =>
      path === path.toUpperCase() ? `${path}X` : path.toUpperCase(),
    ),
  'a doubled slash': (uri) => uri.replace(/(?<=:\/\/[^/]*)\//u, '//'),
  'an encoded slash': (uri) => `${uri}%2f`,
  'a query': (uri, word) => `${uri}?next=https://${word}.example`,
  'a fragment': (uri, word) => `${uri}#${word}`,
  'a space': (uri) => `${uri} `,
  'a line': (uri, word) => `${uri}\r\nlocation: https://${word}.example`,
  'a tab in the scheme': (uri) => uri.replace(':', '\t:'),
  'a null': (uri) => `${uri}\0`,
  'another scheme': (uri) =>
    uri.startsWith('https:') ? uri.replace('https:', 'http:') : uri.replace(/^[^:]+/u, 'https'),
  'a scheme that runs': (uri, word) => `javascript:${word}//${uri}`,
  'a scheme with data': (uri, word) => `data:text/html,${word}//${uri}`,
  'no scheme': (uri) => uri.replace(/^[^:]+:/u, ''),
  'two addresses': (uri, word) => `${uri},https://${word}.example/`,
  'a long one': (uri) => `${uri}?${'x'.repeat(3000)}`,
};

const homographs: Readonly<Record<string, string>> = { a: 'а', e: 'е', o: 'о', 1: 'l' };

function onHost(uri: string, change: (host: string) => string): string {
  return uri.replace(/(?<=:\/\/)[^/]+/u, change);
}

const word: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9]{1,9}$/u);

/** A change by its name. */
export interface Change {
  readonly name: string;
  readonly of: (uri: string) => string;
}

/** Changes of redirect URIs. */
export const redirectChange: fc.Arbitrary<Change> = fc
  .tuple(fc.constantFrom(...Object.entries(changes)), word)
  .map(([[name, change], some]) => ({ name, of: (uri) => change(uri, some) }));

/** Every change once, for what is cheap enough to be tried with everything. */
export const allRedirectChanges: readonly Change[] = Object.entries(changes).map(([name, change]) => ({
  name,
  of: (uri) => change(uri, 'evil'),
}));

/** Text as nobody sends it: any characters, long ones included. */
export const garbage: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"; DROP TABLE grants; --',
    '__proto__',
    '\u202Eevil',
    '%00%0d%0a',
    'x'.repeat(9000),
    ' '.repeat(300),
  ),
);

/** An id that was cut, doubled or changed at one place. */
export const changedText: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.nat().map((at) => (text: string) => text.slice(0, at % text.length)),
  fc.nat().map((at) => (text: string) => text.slice(1 + (at % text.length))),
  fc.constant((text: string) => text + text),
  fc.constant((text: string) => `${text} `),
  fc
    .tuple(fc.nat(), fc.constantFrom('A', 'b', '0', '_', '-', '.', '%'))
    .map(([at, letter]) => (text: string) => {
      const place = at % text.length;
      const other = text[place] === letter ? 'Z' : letter;
      return text.slice(0, place) + other + text.slice(place + 1);
    }),
);
