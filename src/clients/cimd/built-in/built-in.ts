import type { ClientDocument } from '../document.ts';
import { readDocument } from '../read-document.ts';
import { builtInDocuments } from './documents.ts';

/** The copy of a document that came with this version; `null` for a client that is not among the well-known ones. */
export function builtInDocument(id: string): ClientDocument | null {
  const found = builtInDocuments.find(({ document }) => document.client_id === id);
  return found ? readDocument(JSON.stringify(found.document), id, { allowLoopback: false }) : null;
}
