/** Which browser allowed an app, as coarse as a person needs to tell one row of a list from another: nothing else is kept of it. */

/** Two letters: the browser's family and the system's. */
export type SeenBrowser = string;

/** In this order: most browsers name others as well, to be served like them. */
const families = [
  { letter: 'E', name: 'Edge', mark: /\bEdgi?A?(?:OS)?\//u },
  { letter: 'O', name: 'Opera', mark: /\b(?:OPR|Opera|OPT)\b/u },
  { letter: 'S', name: 'Samsung Internet', mark: /\bSamsungBrowser\//u },
  { letter: 'F', name: 'Firefox', mark: /\b(?:Firefox|FxiOS)\//u },
  { letter: 'C', name: 'Chrome', mark: /\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//u },
  { letter: 'A', name: 'Safari', mark: /\bVersion\/[^ ]+ (?:Mobile\/[^ ]+ )?Safari\//u },
] as const;

const systems = [
  { letter: 'I', name: 'an iPhone or iPad', mark: /\b(?:iPhone|iPad|iPod)\b/u },
  { letter: 'A', name: 'Android', mark: /\bAndroid\b/u },
  { letter: 'K', name: 'ChromeOS', mark: /\bCrOS\b/u },
  { letter: 'W', name: 'Windows', mark: /\bWindows NT\b/u },
  { letter: 'M', name: 'a Mac', mark: /\bMac(?:intosh|OS)?\b/u },
  { letter: 'L', name: 'Linux', mark: /\bLinux\b/u },
] as const;

/** Stands for what nobody knows. */
const unknown = '-';

/** Characters of the header that are looked at: real ones are shorter. */
const longest = 512;

/** What a browser says it is (RFC 9110 §10.1.5); anybody can say anything. */
export function seenBrowser(userAgent = ''): SeenBrowser {
  const text = userAgent.slice(0, longest);
  const letterOf = (marks: readonly { readonly letter: string; readonly mark: RegExp }[]): string =>
    marks.find(({ mark }) => mark.test(text))?.letter ?? unknown;
  return letterOf(families) + letterOf(systems);
}

/** In words: “Firefox on Linux”. `null` when nothing is known. */
export function browserName(seen: SeenBrowser): string | null {
  const family = families.find(({ letter }) => letter === seen[0])?.name;
  const system = systems.find(({ letter }) => letter === seen[1])?.name;
  if (family === undefined) return system === undefined ? null : `a browser on ${system}`;
  return system === undefined ? family : `${family} on ${system}`;
}
