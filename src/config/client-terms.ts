import type { StaticClientConfig } from './config.ts';
import { canonicalResource } from '../oauth/resource.ts';
import { readSpan } from './lifespans.ts';
import type { Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { ClientSection } from './schema-ours.ts';
import { checkSubset } from './scopes.ts';
import type { Sieved } from './shape.ts';

const hour = 3_600_000;

type Terms = Pick<
  StaticClientConfig,
  'resources' | 'refreshTokenLifespan' | 'sessionLifespan' | 'refreshGrace'
>;

/** What a client's grants have instead of what all others have; the bounds are the same. */
export function resolveClientTerms(
  section: Sieved<ClientSection>,
  { path, resolving, resources }: { path: Path; resolving: Resolving; resources: readonly string[] },
): Terms {
  const { findings } = resolving;
  const span = (field: 'refresh_token_lifespan' | 'session_lifespan' | 'refresh_grace', max: number) =>
    section[field] === undefined
      ? null
      : readSpan(section[field], {
          path: [...path, field],
          max,
          zero: field === 'refresh_grace' ? 'none' : 'refused',
          resolving,
        });
  const wanted =
    section.resources && itemsOf(section.resources).map(({ item }) => canonicalResource(item) ?? item);
  checkSubset(wanted ?? [], {
    path: [...path, 'resources'],
    findings,
    known: resources,
    where: 'allowed_audiences',
  });
  return {
    resources: wanted ?? null,
    refreshTokenLifespan: span('refresh_token_lifespan', 720 * hour),
    sessionLifespan: span('session_lifespan', 87_600 * hour),
    refreshGrace: span('refresh_grace', hour / 6),
  };
}
