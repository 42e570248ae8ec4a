import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInDocument } from '../../src/clients/cimd/built-in/built-in.ts';
import { builtInDocuments } from '../../src/clients/cimd/built-in/documents.ts';
import { startStack } from '../fixtures/stack.ts';
import { Scene } from './scene.ts';

const claudeCode = 'https://claude.ai/oauth/claude-code-client-metadata';
const callback = 'http://localhost:51234/callback';
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(() => scene.close());

describe('copies of well-known documents', () => {
  it.each(builtInDocuments)('are valid and dated: $document.client_id', ({ document, recorded, source }) => {
    expect(builtInDocument(document.client_id)).toMatchObject({ clientId: document.client_id });
    expect(recorded).toMatch(/^20\d\d-\d\d-\d\d$/u);
    expect(['host', 'secondary']).toContain(source);
  });

  it('serve when the network does not let us out', async () => {
    // Nothing listens at port 443 of where the name leads.
    const { status, html } = await scene.page(claudeCode, { redirect_uri: callback });
    expect(status).toBe(200);
    expect(html).toContain('Claude Code');
    expect(html).toContain('<bdi>claude.ai</bdi>');
  });

  it('let nobody in who is not in them', async () => {
    const { status } = await scene.page(claudeCode, { redirect_uri: 'https://evil.example.com/callback' });
    expect(status).toBe(400);
    expect((await scene.page('https://claude.ai/oauth/other')).status).toBe(503);
  });

  it('do not serve where they are switched off', async () => {
    const { provider } = scene.stack;
    const collaborators = { documentFetch: scene.publisher.fetch() };
    const stack = await startStack({ cimd: { built_in_documents: false } }, { provider, collaborators });
    const url = stack.authorizeUrl({ client_id: claudeCode, redirect_uri: callback, code_challenge: 'x' });
    const response = await stack.browser().get(url);
    expect(response.status).toBe(503);
    await stack.auth.close();
  });

  it('do not hide from the operator that nobody can be reached', async () => {
    const { publisher, stack } = await Scene.start(
      { cimd: { allow_hosts: ['*.example.com'] } },
      { provider: scene.stack.provider },
    );
    const visit = async (id: string): Promise<number> =>
      (
        await stack
          .browser()
          .get(stack.authorizeUrl({ client_id: id, redirect_uri: callback, code_challenge: 'x' }))
      ).status;
    const warnings = async (): Promise<string> => (await stack.auth.readiness()).warnings.join();
    for (let time = 0; time < 3; time += 1) {
      expect(await warnings()).not.toContain('documents');
      await visit(claudeCode);
      stack.advance(600_000);
    }
    expect(await warnings()).toContain(
      `cannot be fetched, and clients are told that they may use them: ${claudeCode}`,
    );
    expect((await stack.auth.readiness()).ready).toBe(true);
    await visit(publisher.publish('/one.json'));
    expect(await warnings()).not.toContain('documents');
    await stack.auth.close();
    await publisher.close();
  });
});
