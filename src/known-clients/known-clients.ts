import type { KnownClient } from './known-client.ts';
import { anthropic } from './rows/anthropic.ts';
import { editors } from './rows/editors.ts';
import { hosted } from './rows/hosted.ts';
import { libraries } from './rows/libraries.ts';
import { microsoft } from './rows/microsoft.ts';
import { openai } from './rows/openai.ts';
import { selfHosted } from './rows/self-hosted.ts';
import { terminals } from './rows/terminals.ts';
import { tools } from './rows/tools.ts';

/** Every client that we know. */
export const knownClients: readonly KnownClient[] = [
  ...anthropic,
  ...openai,
  ...microsoft,
  ...editors,
  ...terminals,
  ...hosted,
  ...selfHosted,
  ...tools,
  ...libraries,
];

/**
 * Hosts that publish the documents of well-known clients. Being known means that they speak for themselves, not that
 * anybody has looked at what they do.
 */
export const knownDocumentHosts: ReadonlySet<string> = new Set(
  knownClients.flatMap(({ documentHosts }) => documentHosts ?? []),
);
