/** Stands behind the proxies: answers a call at once, and a GET with a stream of 100 events. */
import type { ServerResponse } from 'node:http';
import { answerParent } from '../process/remote.ts';
import { listenOnLoopback } from './listen.ts';

const answer = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'y'.repeat(200) }] },
});
const event = `event: message\ndata: ${answer}\n\n`;
const events = 100;

/** One event for each turn of the loop, as a server writes them that has something to wait for. */
function stream(response: ServerResponse, left: number): void {
  if (left === 0) response.end();
  else {
    response.write(event);
    setImmediate(stream, response, left - 1);
  }
}

answerParent({
  start: () => null,
  listen: () =>
    listenOnLoopback((request, response) => {
      request.resume();
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        stream(response, events);
        return;
      }
      request.on('end', () => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
          .end(answer);
      });
    }),
});
