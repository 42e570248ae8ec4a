import { readFile } from 'node:fs/promises';
import type { ServerContext } from './context.ts';
import { readiness } from './readiness.ts';

/** Numbers that are read when somebody asks for them. The store is asked at most once for each reading. */
export function addGauges(current: () => ServerContext): void {
  const { observer, store, clock } = current();
  const { metrics } = observer;
  metrics.gauge({ name: 'sallyport_stored', help: 'Records in the store.', labels: ['kind'] }, async () =>
    Object.entries(await store.stats()).map(([kind, count]) => [[kind], Number(count)] as const),
  );
  metrics.gauge(
    { name: 'sallyport_ready', help: 'Whether logins work: what /readyz says.', labels: [] },
    async () => [[[], Number((await readiness(current())).ready)]],
  );
  metrics.gauge(
    { name: 'sallyport_audit_healthy', help: 'Whether audit events are being kept.', labels: [] },
    () => [[[], Number(observer.problems().length === 0)]],
  );
  metrics.gauge(
    {
      name: 'sallyport_signing_key_in_use_seconds',
      help: 'Since when this process signs with this key.',
      labels: ['kid', 'alg'],
    },
    () => {
      const { keys, signingSince } = current();
      return [[[keys.signing.kid, keys.signing.alg], (clock() - signingSince) / 1000]];
    },
  );
  metrics.gauge(
    { name: 'sallyport_build_info', help: 'What runs; always 1.', labels: ['version', 'node'] },
    async () => [[[await ownVersion(), process.version], 1]],
  );
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  // Our own package.json has a version.
  return (JSON.parse(text) as { version: string }).version;
}
