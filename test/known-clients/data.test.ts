import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtInDocuments } from '../../src/clients/cimd/built-in/documents.ts';
import { deviations } from '../../src/known-clients/deviations.ts';
import { knownClients, knownDocumentHosts } from '../../src/known-clients/known-clients.ts';
import { recogniseClient } from '../../src/known-clients/recognise.ts';
import { checkRedirectUri, classOf, portless } from '../../src/oauth/redirect-uri.ts';
import { knownClientsPage, knownClientsPath } from '../../tools/generate-known-clients.ts';

const example = (pattern: string): string => pattern.replaceAll('*', 'x1');
const listed = (mark: 'callbacks' | 'relays' | 'local' | 'documents'): readonly string[] =>
  knownClients.flatMap(({ marks }) => marks[mark] ?? []);

it('docs/clients-known.md is what the rows say (node tools/generate-known-clients.ts)', () => {
  expect(readFileSync(knownClientsPath, 'utf8')).toBe(knownClientsPage());
});

it('ids are words of their own', () => {
  const ids = knownClients.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u.test(id))).toEqual([]);
});

it('every address is one that we would take, of the kind that its list is for, and as it is compared', () => {
  const addresses = [...listed('callbacks'), ...listed('relays'), ...listed('local')].map(example);
  expect(addresses.filter((uri) => checkRedirectUri(uri) !== null)).toEqual([]);
  expect([...listed('callbacks'), ...listed('relays')].filter((uri) => classOf(uri) !== 'https')).toEqual([]);
  expect(listed('local').filter((uri) => classOf(uri) === 'https' || portless(uri) !== uri)).toEqual([]);
});

it('only whole hosts prove a vendor', () => {
  const hosts = [...listed('callbacks'), ...listed('documents')].map(
    (uri) => new URL(uri.replaceAll('*', 'x')),
  );
  expect(hosts.filter(({ port, search }) => port !== '' || search !== '')).toEqual([]);
  expect(
    [...listed('callbacks'), ...listed('documents')].filter((uri) => /^https:\/\/[^/]*\*/u.test(uri)),
  ).toEqual([]);
});

it('no address proves two vendors', () => {
  const proofs = [...listed('callbacks'), ...listed('relays')];
  expect(new Set(proofs).size).toBe(proofs.length);
});

it('every habit is some client’s, and those of few belong to clients that can prove themselves', () => {
  const used = new Set(knownClients.flatMap((row) => row.deviations));
  expect(Object.keys(deviations).filter((word) => ![...used].some((one) => one === word))).toEqual([]);
  const unproven = knownClients.filter(
    ({ marks, deviations: words }) =>
      (marks.callbacks ?? []).length === 0 && words.some((word) => deviations[word].of !== 'everyone'),
  );
  expect(unproven).toEqual([]);
});

it('documents that came with this version are those of rows, and their hosts are known', () => {
  for (const { document } of builtInDocuments) {
    const found = recogniseClient(
      { id: document.client_id, source: 'cimd', name: null, softwareId: null },
      'http://localhost/callback',
    );
    expect([document.client_id, found?.row.label]).toEqual([document.client_id, document['client_name']]);
    expect(knownDocumentHosts).toContain(new URL(document.client_id).hostname);
  }
});

it('threads are public ones, and what was not seen says so', () => {
  const threads = knownClients.flatMap(({ evidence }) => evidence.threads);
  expect(threads.filter((thread) => !/^[\w.-]+\/[\w.-]+#\d+$/u.test(thread))).toEqual([]);
  const silent = knownClients.filter(
    ({ evidence: { grade, note, threads: list } }) =>
      grade !== 'recorded' && note === undefined && list.length === 0,
  );
  expect(silent.map(({ id }) => id)).toEqual([]);
});
