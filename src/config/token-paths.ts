import type { ProviderSettings } from '../profiles/settings.ts';
import { parseTokenPath } from '../oauth/token-path.ts';
import type { Findings, Path } from './problems.ts';
import type { Sieved } from './shape.ts';

/** Refuses paths into token answers that cannot be read: at a sign-in they would lead nowhere. */
export function checkTokenPaths(
  section: Sieved<Pick<ProviderSettings, 'token_response_mapping' | 'identity_from_token'>>,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): void {
  for (const field of ['token_response_mapping', 'identity_from_token'] as const) {
    for (const [name, text] of Object.entries(section[field] ?? {})) {
      if (typeof text === 'string' && parseTokenPath(text) === null)
        findings.refuse([...path, field, name], {
          problem: 'is not a path',
          fix: 'write names with dots between them, such as authed_user.id; a dot in a name is \\.',
        });
    }
  }
}
