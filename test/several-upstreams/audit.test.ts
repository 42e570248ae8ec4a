import { afterEach, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { Several } from './world.ts';

let several: Several;
afterEach(() => several.close());

async function audited(): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  const audit = (event: AuditEvent): void => void events.push(event);
  several = await Several.start(['first', 'second'], {}, { collaborators: { audit } });
  return events;
}

const named = (events: readonly AuditEvent[], name: string): readonly Record<string, unknown>[] =>
  events.filter(({ event }) => event === name).map((event) => JSON.parse(JSON.stringify(event)) as never);

it('a login at several upstreams tells who signed in by which, and what else was connected', async () => {
  const events = await audited();
  const visit = await several.open();
  await several.walk(visit, await several.press(visit, { decision: 'allow' }), { second: 'somebody-else' });
  const [login] = named(events, 'login_succeeded');
  const [added, ...more] = named(events, 'connection_added');
  expect(login).toMatchObject({ upstream: 'first' });
  expect(added).toMatchObject({
    upstream: 'second',
    user: login?.['user'],
    correlationId: login?.['correlationId'],
  });
  expect(more).toEqual([]);
  expect(JSON.stringify(events)).not.toContain('somebody-else');
});

it('a failure tells at which of them, and nothing is said to be connected', async () => {
  const events = await audited();
  const visit = await several.open();
  const back = await several.signInAt(await several.press(visit, { decision: 'allow' }), 'alice');
  const second = (await visit.browser.get(back)).headers.get('location') ?? '';
  const answer = new URL(await several.signInAt(second, 'alice'));
  answer.searchParams.set('code', 'wrong');
  await visit.browser.get(answer.href);
  expect(named(events, 'login_failed')).toMatchObject([{ upstream: 'second', reason: 'rejected' }]);
  expect([...named(events, 'login_succeeded'), ...named(events, 'connection_added')]).toEqual([]);
});
