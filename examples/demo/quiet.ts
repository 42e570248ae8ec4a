/**
 * oidc-provider warns about every Node that is not an LTS release yet, as the one that this repository brings. Import this
 * before it: that one line is left out, every other warning is shown.
 */
const { warn } = console;

console.warn = (...parts: unknown[]): void => {
  if (!String(parts[0]).includes('Unsupported runtime')) warn(...parts);
};
