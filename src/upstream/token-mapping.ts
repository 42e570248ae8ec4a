import type { TokenMapping } from '../config/upstream-settings.ts';
import { parseTokenPath, readTokenPath } from '../oauth/token-path.ts';

/** Standard member (RFC 6749 §5.1) and where the mapping has it. */
const members = {
  access_token: 'accessToken',
  refresh_token: 'refreshToken',
  expires_in: 'expiresIn',
  scope: 'scope',
} as const satisfies Record<string, keyof TokenMapping>;

/**
 * Puts the values that a provider keeps elsewhere where the standard has them. A path that leads nowhere leaves the
 * standard member as it is: the same provider may nest its first answer and not its later ones (Slack).
 */
export function applyTokenMapping(
  body: Readonly<Record<string, unknown>>,
  mapping: TokenMapping,
): Readonly<Record<string, unknown>> {
  const mapped: Record<string, unknown> = { ...body };
  for (const [member, field] of Object.entries(members)) {
    const path = parseTokenPath(mapping[field]);
    const value = path && readTokenPath(body, path);
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') mapped[member] = value;
  }
  return mapped;
}
