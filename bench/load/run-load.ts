import { Connection } from './connection.ts';
import type { Reply } from './connection.ts';
import type { LoadPlan, LoadResult, RequestText } from './plan.ts';

/** What the connections of one run share. */
interface Progress {
  readonly plan: LoadPlan;
  readonly requests: readonly string[];
  readonly latencies: number[];
  readonly statuses: Record<string, number>;
  readonly endsAt: number;
  next: number;
}

/** Sends what the plan says over keep-alive connections, each with one request in flight. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, () => Connection.open(plan.port)),
  );
  const cpu = process.cpuUsage();
  const began = performance.now();
  const progress: Progress = {
    plan,
    requests: plan.requests.map((request) => renderRequest(request)),
    latencies: [],
    statuses: {},
    endsAt: began + plan.duration,
    next: 0,
  };
  try {
    await Promise.all(connections.map((connection, index) => drive(connection, index, progress)));
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { latencies, statuses } = progress;
  const answers = latencies.length;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    statuses,
    answers,
    seconds,
    p50: sorted[Math.floor(answers * 0.5)] ?? 0,
    p99: sorted[Math.floor(answers * 0.99)] ?? 0,
    ownCpu: answers === 0 ? 0 : (user + system) / answers,
  };
}

async function drive(connection: Connection, index: number, progress: Progress): Promise<void> {
  const { latencies, statuses, endsAt, plan } = progress;
  const limit = plan.limit ?? Number.POSITIVE_INFINITY;
  let request = firstRequest(progress, index);
  while (request !== undefined && latencies.length < limit) {
    const sent = performance.now();
    if (sent >= endsAt) return;
    const reply = await connection.send(request);
    latencies.push(performance.now() - sent);
    const next = nextRequest(progress, { request, reply });
    // An answer like the last one would do for a server that never rotates.
    const dead = plan.order === 'chain' && (next === undefined || next === request);
    const outcome = dead ? `no new token with ${reply.status}` : String(reply.status);
    statuses[outcome] = (statuses[outcome] ?? 0) + 1;
    request = next;
  }
}

function firstRequest(progress: Progress, index: number): string | undefined {
  return progress.plan.order === 'chain' ? progress.requests[index] : nextRequest(progress, null);
}

function nextRequest(
  progress: Progress,
  last: { readonly request: string; readonly reply: Reply } | null,
): string | undefined {
  const { plan, requests } = progress;
  if (plan.order === 'chain' && last) return renewed(last.request, last.reply);
  const index = progress.next;
  progress.next += 1;
  return requests[plan.order === 'once' ? index : index % requests.length];
}

const inAnswer = /"refresh_token":"([^"]+)"/u;
const inForm = /refresh_token=[^&]*/u;

/** The same request with the next refresh token; ends the chain when there is none. */
function renewed(request: string, { body }: Reply): string | undefined {
  const token = inAnswer.exec(body)?.[1];
  if (token === undefined) return undefined;
  const at = request.indexOf('\r\n\r\n') + 4;
  const form = request.slice(at).replace(inForm, `refresh_token=${encodeURIComponent(token)}`);
  const head = request.slice(0, at).replace(/content-length: \d+/u, `content-length: ${form.length}`);
  return head + form;
}

function renderRequest({ method, path, headers = {}, body = '' }: RequestText): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === 'POST' ? `content-length: ${Buffer.byteLength(body)}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}${length}\r\n${body}`;
}
