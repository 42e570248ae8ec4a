/** Writes docs/clients-known.md: what is known of each client, and what is done about it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deviations } from '../src/known-clients/deviations.ts';
import type { Deviation } from '../src/known-clients/deviations.ts';
import type {
  EvidenceGrade,
  KnownClient,
  Marks,
  RegistrationWay,
} from '../src/known-clients/known-client.ts';
import { knownClients } from '../src/known-clients/known-clients.ts';

/** Where the page is. */
export const knownClientsPath: string = join(import.meta.dirname, '../docs/clients-known.md');

const ways: Readonly<Record<RegistrationWay, string>> = {
  cimd: 'by its document',
  dcr: 'registers itself',
  static: 'with an id from you',
};

const grades: Readonly<Record<EvidenceGrade, string>> = {
  recorded: 'recorded: its requests were seen on the wire',
  source: 'read in its source',
  reported: 'reported by its users',
  assumed: 'assumed',
};

const markTitles: Readonly<Record<keyof Marks, string>> = {
  documents: 'Documents',
  callbacks: 'Callbacks of its vendor',
  relays: 'Callbacks that others can use too',
  local: 'Addresses on the user’s device',
  names: 'Names',
  softwareIds: 'Software ids',
};

/** The page, made anew. */
export function knownClientsPage(): string {
  return `# MCP clients

What we know of MCP clients, by the rows that this version carries. A row lets nobody in and keeps nobody out: any client that
keeps to the specifications can sign in, whether it is here or not. Rows decide what the consent page says about who asks, what
the doctor plays, and which habits are tolerated.

A client is **verified** when its vendor’s host publishes the document that describes it, or when the code goes to an address that
only its vendor receives. Everything else that it says about itself is a claim: it **looks like** somebody. A client that calls itself
by the name of another and uses an address of its own is **contradicted**.

${table()}

## Habits

${habits()}

${knownClients.map(section).join('\n\n')}

This page is made from the rows: \`node tools/generate-known-clients.ts\`.
`;
}

function table(): string {
  const rows = knownClients.map(({ id, title, registration, evidence }) => {
    const how = registration.map((way) => ways[way]).join(', ');
    return `| [${title}](#${anchor(title)}) | \`${id}\` | ${how} | ${evidence.grade} |`;
  });
  return `| Client | Id | How it makes itself known | Evidence |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
}

/** As GitHub makes them from headings. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function habits(): string {
  const of = {
    everyone: 'everyone',
    row: 'clients that have it, at their vendor’s callback',
    switch: 'the same, when you allow it',
  };
  const rows = Object.entries(deviations).map(
    ([word, { about, answer, of: whom }]) => `| \`${word}\` | ${about} | ${answer} | ${of[whom]} |`,
  );
  return `| Habit | What the client does | What is done about it | Of whom |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
}

function section(row: KnownClient): string {
  const { title, deviations: words, evidence, limits, operator } = row;
  const { grade, note, threads } = evidence;
  const lines = [
    `- Evidence: ${grades[grade]}.${note === undefined ? '' : ` ${note}`}`,
    ...Object.entries(markTitles).map(([mark, name]) => marks(row.marks, mark, name)),
    words.length > 0 && `- Habits: ${words.map((word: Deviation) => `\`${word}\``).join(', ')}`,
    ...limits.map((limit) => `- Known limit: ${limit}`),
    ...operator.map((task) => `- What to do: ${task}`),
    threads.length > 0 && `- Threads: ${threads.map(thread).join(', ')}`,
  ];
  return `## ${title}\n\n${lines.filter((line) => line !== false && line !== '').join('\n')}`;
}

function marks(all: Marks, mark: string, name: string): string {
  const found = Object.entries(all).find(([key]) => key === mark)?.[1] ?? [];
  return found.length === 0 ? '' : `- ${name}: ${found.map((one: string) => `\`${one}\``).join(', ')}`;
}

function thread(name: string): string {
  return `[${name}](https://github.com/${name.replace('#', '/issues/')})`;
}

if (import.meta.main) writeFileSync(knownClientsPath, knownClientsPage());
