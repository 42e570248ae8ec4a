/**
 * The limit: what no server on `node:http` can do without. It parses the form, looks up and rotates in a `Map`, signs
 * ES256 with the signatures of one turn of the event loop back to back, and answers. No rule of OAuth is kept here.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestText } from '../load/plan.ts';
import { answerParent } from '../process/remote.ts';
import { batchedSigner } from './batched-signer.ts';
import { challenge, codeForm, refreshForm, tokenRequest } from './form.ts';
import { listenOnLoopback } from './listen.ts';

interface Grant {
  readonly sub: string;
  readonly challenge: string;
}

/** An answer that is always the same. */
interface Document {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sign = batchedSigner(privateKey);
const grants = new Map<string, Grant>();
const documents = new Map<string, Document>();

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

function keep(grant: Grant): string {
  const token = randomBytes(32).toString('base64url');
  grants.set(hashOf(token), grant);
  return token;
}

async function answerToken(body: string, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams(body);
  const key = hashOf(form.get('refresh_token') ?? form.get('code') ?? '');
  const grant = grants.get(key);
  const verifier = form.get('code_verifier');
  if (!grant || (verifier !== null && hashOf(verifier) !== grant.challenge)) {
    response.writeHead(400, { 'content-length': 0 }).end();
    return;
  }
  grants.delete(key);
  const now = Math.floor(Date.now() / 1000);
  const accessToken = await sign({
    iss: 'http://127.0.0.1',
    sub: grant.sub,
    aud: 'http://127.0.0.1/mcp',
    exp: now + 3600,
    iat: now,
    jti: randomBytes(16).toString('base64url'),
    client_id: form.get('client_id'),
    scope: 'offline_access',
  });
  const answer = JSON.stringify({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'offline_access',
    refresh_token: keep(grant),
  });
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(answer),
    })
    .end(answer);
}

function listener(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    const document = documents.get(request.url ?? '');
    response.writeHead(document ? 200 : 404, document?.headers).end(document?.body);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => void answerToken(Buffer.concat(chunks).toString(), response));
}

function tokens(count: number): string[] {
  return Array.from({ length: count }, (_, index) => keep({ sub: `user-${index}`, challenge }));
}

answerParent({
  start: () => null,
  listen: () => listenOnLoopback(listener),
  refreshes: (count: number): RequestText[] =>
    tokens(count).map((token) => tokenRequest('/token', refreshForm('bench', token))),
  codes: (count: number): RequestText[] =>
    tokens(count).map((code) => tokenRequest('/token', codeForm('bench', code))),
  document: ({ path, headers, body }: { path: string; headers: Document['headers']; body: string }) => {
    documents.set(path, { headers, body: Buffer.from(body) });
    return null;
  },
  documents: () => [...documents.keys()].map((path): RequestText => ({ method: 'GET', path })),
});
