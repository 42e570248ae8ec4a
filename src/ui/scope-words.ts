import { displayText } from './text.ts';

/** For scopes that the operator did not describe (OpenID Connect Core §5.4, §11). */
const standardScopes: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know which account you use'],
  ['profile', 'See your name'],
  ['email', 'See your e-mail address'],
  ['offline_access', 'Stay connected until you or your administrator end it'],
]);

/** What a scope lets an app do, in words of the operator or of the standards; '' for one that nobody describes. */
export function scopeWords(name: string, description: string | null): string {
  return displayText(description ?? standardScopes.get(name) ?? '', 200);
}
