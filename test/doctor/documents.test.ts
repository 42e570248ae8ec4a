import { describe, expect, it } from 'vitest';
import { builtInDocuments } from '../../src/clients/cimd/built-in/documents.ts';
import { examineDocuments } from '../../src/doctor/checks-documents.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { DocumentFetch } from '../../src/server/client-documents.ts';
import { resolve, runConfig } from '../run-config/fixture.ts';

/** A network whose hosts answer what the test says; port 443 of somebody else's name is nothing that a test can listen at. */
const network =
  (answer: (id: string) => Response): DocumentFetch =>
  () =>
    Object.assign(async (id: string) => answer(id), { close: async () => undefined });

const json = (body: unknown): Response =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
const recorded = (id: string): unknown =>
  builtInDocuments.find(({ document }) => document.client_id === id)?.document;

async function examine(cimd: object, documentFetch: DocumentFetch): Promise<readonly Finding[]> {
  return examineDocuments(await resolve(runConfig({ cimd })), documentFetch);
}

const cutOff: DocumentFetch = (policy) => createGuardedFetch({ ...policy, lookup: async () => [] });

describe('the doctor, about documents of clients', () => {
  it('is content when those of well-known clients can be fetched and are what they were', async () => {
    const told = await examine(
      {},
      network((id) => json(recorded(id))),
    );
    expect(told).toMatchObject([{ check: 'client-documents', level: 'ok' }]);
  });

  it('warns where nobody can be reached, and says that our copies serve', async () => {
    const told = await examine({}, cutOff);
    expect(told.map(({ level }) => level)).toEqual(builtInDocuments.map(() => 'warn'));
    expect(told[0]?.message).toMatch(/could not be fetched.*The copy of 2026-/u);
    expect(told[0]?.fix).toContain('cimd.outbound_proxy');
  });

  it('finds that users cannot sign in where nobody can be reached and there are no copies', async () => {
    const told = await examine({ built_in_documents: false }, cutOff);
    expect(told.map(({ level }) => level)).toEqual(builtInDocuments.map(() => 'fail'));
  });

  it('finds a document that its host has taken back, copy or not', async () => {
    const told = await examine(
      {},
      network((id) => (id.includes('vscode') ? new Response(null, { status: 404 }) : json(recorded(id)))),
    );
    expect(told).toMatchObject([{ level: 'fail', message: expect.stringContaining('vscode.dev') }]);
  });

  it('tells when a copy has grown old', async () => {
    const renamed = (id: string): unknown => ({
      ...(recorded(id) as object),
      redirect_uris: ['https://claude.ai/new'],
    });
    const told = await examine(
      {},
      network((id) => json(id.includes('mcp-oauth') ? renamed(id) : recorded(id))),
    );
    expect(told).toMatchObject([{ level: 'warn', message: expect.stringContaining('redirectUris') }]);
  });

  it('asks nobody whose documents are not wanted, or when none are', async () => {
    const asked: string[] = [];
    const listening = network((id) => {
      asked.push(id);
      return json(recorded(id));
    });
    await examine({ deny_hosts: ['claude.ai', 'chatgpt.com'] }, listening);
    expect(asked).toEqual(['https://vscode.dev/oauth/client-metadata.json']);
    expect(await examine({ enabled: false }, listening)).toMatchObject([{ level: 'ok' }]);
    expect(asked).toHaveLength(1);
  });
});
