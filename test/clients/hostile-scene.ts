import * as fc from 'fast-check';
import type { Endpoint } from '../proxy/endpoint.ts';
import type { Played } from './fixture.ts';
import { fixtures } from './fixture.ts';
import type { Known } from './player.ts';
import { Player } from './player.ts';
import { startScene } from './scene.ts';

/** A client that is known to the server, and has not asked for anything yet. */
export interface Ready {
  readonly player: Player;
  readonly known: Known;
}

/** The fixtures of clients that get in. */
export const played: readonly Played[] = fixtures.filter(({ fixture }) => fixture.outcome === 'works');

/** The same cases every time; `npm run fuzz` is for others. */
export const seed = 20_261_123;

/** A server, and every client at its door. */
export class HostileScene {
  readonly endpoint: Endpoint;
  readonly ready: readonly Ready[];

  private constructor(endpoint: Endpoint, ready: readonly Ready[]) {
    this.endpoint = endpoint;
    this.ready = ready;
  }

  static async start(): Promise<HostileScene> {
    const endpoint = await startScene({ operator: true });
    const ready = played.map(async (one) => {
      const player = new Player(endpoint, one);
      return { player, known: await player.prepare() };
    });
    return new HostileScene(endpoint, await Promise.all(ready));
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}

/** One of the clients of a scene that is there only when the tests run; how many they are is known before. */
export function anyClient(scene: () => HostileScene): fc.Arbitrary<() => Ready> {
  return fc.nat({ max: played.length - 1 }).map((at) => () => {
    const one = scene().ready[at];
    if (!one) throw new TypeError('no such client');
    return one;
  });
}
