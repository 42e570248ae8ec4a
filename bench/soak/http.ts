import { setTimeout as sleep } from 'node:timers/promises';
import type { Tally } from './tally.ts';

/** One answer, read whole. */
export interface SoakReply {
  readonly status: number;
  readonly text: string;
  /** An earlier attempt got no answer. */
  readonly retried: boolean;
}

/** Requests by the rules that real clients follow: again after 503, as late as it says; again when the server was away. */
export interface SoakHttp {
  send(route: string, path: string, init: RequestInit): Promise<SoakReply>;
  form(route: string, path: string, form: Readonly<Record<string, string>>): Promise<SoakReply>;
  /** A browser's request; redirects are not followed. */
  browse(request: Request): Promise<Response>;
}

interface HttpParts {
  /** Where the gateway listens. */
  readonly base: string;
  readonly tally: Tally;
  /** Whether the gateway was stopped on purpose a moment ago. */
  readonly away: () => boolean;
}

/** Attempts of one request; with the waits between them, some minutes. */
const maxAttempts = 30;

export function createSoakHttp({ base, tally, away }: HttpParts): SoakHttp {
  const send = async (route: string, path: string, init: RequestInit): Promise<SoakReply> => {
    let retried = false;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const reply = await ask(route, `${base}${path}`, init);
      if (reply === null) {
        retried = true;
        await sleep(500);
      } else if (reply.status === 503 && reply.retryAfter !== null) {
        await sleep(Number(reply.retryAfter) * 1000 + Math.random() * 500);
      } else {
        if (reply.status === 503) tally.failure(`${route}: 503 without Retry-After`);
        return { status: reply.status, text: reply.text, retried };
      }
    }
    throw new Error(`${route}: no answer after ${maxAttempts} attempts`);
  };

  /** `null` when the connection ended. */
  const ask = async (
    route: string,
    url: string,
    init: RequestInit,
  ): Promise<{ status: number; text: string; retryAfter: string | null } | null> => {
    try {
      const response = await fetch(url, init);
      const text = await response.text();
      tally.answer(route, String(response.status));
      return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
    } catch (error) {
      lost(route, error);
      return null;
    }
  };

  const lost = (route: string, error: unknown): void => {
    tally.answer(route, 'connection lost');
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    if (!away()) tally.failure(`${route}: connection lost (${cause})`);
  };

  return {
    send,
    form: (route, path, form) => send(route, path, { method: 'POST', body: new URLSearchParams(form) }),
    browse: async (request) => {
      const route = `${request.method} ${new URL(request.url).pathname}`;
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        try {
          const response = await fetch(request.clone(), { redirect: 'manual' });
          tally.answer(route, String(response.status));
          return response;
        } catch (error) {
          lost(route, error);
          await sleep(500);
        }
      }
      throw new Error(`${route}: no answer after ${maxAttempts} attempts`);
    },
  };
}
