import { afterEach, describe, expect, it } from 'vitest';
import { Exposition } from '../metrics/exposition.ts';
import type { Audited } from './scene.ts';
import { startAudited } from './scene.ts';

let audited: Audited;

afterEach(() => audited.close());

const told = (): number => audited.events.filter(({ event }) => event === 'client_registered').length;

/** Registers until that is no longer told. Returns how many registrations there were. */
async function flood(): Promise<number> {
  let made = told();
  while (told() === made && made < 20_000) {
    await audited.stack.register();
    made += 1;
  }
  return made;
}

describe('strangers who make events as fast as they can', () => {
  it('cannot fill the disk: the rest is counted, and told when it is over', async () => {
    audited = await startAudited();
    const made = await flood();
    expect(made).toBeLessThan(20_000);
    expect(audited.of('events_lost')).toEqual([]);
    audited.stack.advance(1000);
    await audited.stack.register();
    expect(audited.of('events_lost')).toMatchObject([{ outcome: 'failure', reason: 'flood', count: 1 }]);
    const numbers = new Exposition(await audited.stack.auth.metrics());
    const counted = numbers.sum('sallyport_events_total', { event: 'client_registered' });
    expect(counted).toBe(told() + 1);
  });

  it('push out no event that needs a sign-in', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    stack.advance(300_000);
    await flood();
    await stack.refresh(clientId, refresh_token);
    expect(audited.of('theft_detected')).toHaveLength(1);
    const again = await stack.signIn({ clientId });
    expect(audited.of('login_succeeded')).toHaveLength(2);
    expect((await stack.refresh(clientId, again.refresh_token)).status).toBe(200);
    expect(audited.of('refreshed')).toHaveLength(2);
  });
});
