import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Actor } from './actor.ts';
import { Farm } from './processes.ts';
import type { Running } from './processes.ts';

// Real processes and floods take their time on a small machine.
vi.setConfig({ testTimeout: 120_000 });

/** Of util-linux, which every Linux has. */
const limiter = 'prlimit';

/** The kernel refuses to let a file of this process grow beyond so many bytes; it says so as a full disk would. */
function limitFiles({ child }: Running, bytes: string): void {
  execFileSync(limiter, [`--pid=${child.pid}`, `--fsize=${bytes}:unlimited`]);
}

describe('a gateway whose disk is full', () => {
  let farm: Farm;
  let gateway: Running;
  beforeEach(async () => {
    farm = await Farm.start();
    gateway = await farm.launch();
  });
  afterEach(() => farm.close());

  const ready = async (): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${gateway.url}/readyz`);
    return { status: response.status, text: await response.text() };
  };

  it('answers 503, consumes nothing, says so, and goes on by itself when there is room again', async () => {
    const actor = new Actor(farm, gateway);
    const other = new Actor(farm, gateway);
    await actor.carryOn();
    await other.startLogin();
    await other.followCallback();
    limitFiles(gateway, '8192');
    for (let request = 0; request < 5; request += 1) {
      expect(await actor.refresh()).toBe('again');
      expect(await other.redeem()).toBe('again');
    }
    expect(new Set(actor.complaints)).toEqual(new Set(['refresh 503 temporarily_unavailable']));
    expect(new Set(other.complaints)).toEqual(new Set(['redeem 503 temporarily_unavailable']));
    expect(await ready()).toMatchObject({ status: 503, text: expect.stringContaining('storage') as string });
    // What only reads goes on.
    expect(await actor.callMcp()).toBe('done');
    limitFiles(gateway, 'unlimited');
    expect(await actor.refresh()).toBe('done');
    expect(await other.redeem()).toBe('done');
    expect(await other.callMcp()).toBe('done');
    await expect.poll(async () => (await ready()).status, { timeout: 10_000 }).toBe(200);
    expect([actor.logins, other.logins]).toEqual([1, 1]);
    expect(gateway.output()).toMatch(/no space left|cannot be read or written/u);
  });

  it('does not start, and says why, when there is no room for the database from the beginning', async () => {
    await farm.killAll();
    const under = [limiter, '--fsize=2048:unlimited'];
    await expect(farm.launch({ under })).rejects.toThrow(
      /sallyport\.db.*(?:no space left|cannot be read or written)/u,
    );
    gateway = await farm.launch();
    const actor = new Actor(farm, gateway);
    await actor.carryOn();
    expect(actor.complaints).toEqual([]);
  });

  it('does not start where it cannot write, and names the place', async () => {
    // Nobody can make anything there, root included.
    const refused = farm.launch({ stateDir: '/dev/null/sallyport' });
    await expect(refused).rejects.toThrow(/state directory \/dev\/null\/sallyport cannot be used/u);
  });
});
