/** The gateway's engine without the gateway: forwards whatever comes, both ways. The argument is where to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import type { RequestText } from '../load/plan.ts';
import { answerParent } from '../process/remote.ts';
import { listenOnLoopback } from './listen.ts';
import { mcpPost, mcpStream } from './plain-requests.ts';

const target = new URL(process.argv[2] ?? '');
const pool = new Pool(target.origin, { bodyTimeout: 0 });

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host: _, connection: __, ...headers } = request.headers;
  const answer = await pool.request({
    method: request.method ?? 'GET',
    path: target.pathname,
    headers,
    body: request.method === 'GET' ? null : request,
  });
  const { connection: ___, 'keep-alive': ____, 'transfer-encoding': _____, ...rest } = answer.headers;
  response.writeHead(answer.statusCode, rest);
  await pipeline(answer.body, response);
}

const many = (count: number, request: RequestText): RequestText[] =>
  Array.from({ length: count }, () => request);

answerParent({
  start: () => null,
  listen: () =>
    listenOnLoopback((request, response) => {
      forward(request, response).catch(() => response.destroy());
    }),
  calls: (count: number) => many(count, mcpPost()),
  streams: (count: number) => many(count, mcpStream()),
});
