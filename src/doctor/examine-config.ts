import type { Config } from '../config/config.ts';
import { readConfigFile } from '../config/load.ts';
import { readFileBounded } from '../config/read-file.ts';
import { ConfigError, resolveRunConfig } from '../config/resolve.ts';
import { loadKeySet } from '../keys/key-set.ts';
import type { DocumentFetch } from '../server/client-documents.ts';
import { SallyportError } from '../types/error.ts';
import { missingAccess } from '../upstream/public-upstreams.ts';
import { examineFiles, examinePorts, examineState } from './checks-host.ts';
import { examineDocuments } from './checks-documents.ts';
import { examineIssuer } from './checks-issuer.ts';
import { examineStatements } from './checks-statements.ts';
import { examineTargets } from './checks-targets.ts';
import { fail, finding, report, warn } from './finding.ts';
import type { Finding, Report } from './finding.ts';
import { examineUpstream } from './upstream/examine-upstream.ts';
import { secretPlaces } from './upstream/secret-places.ts';

export interface ExamineConfigOptions {
  /** Where generated keys and the database are. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Instead of what fetches documents of clients. */
  readonly documentFetch?: DocumentFetch;
}

/** A configuration: everything that `config check` says, and what only the network and the file system can tell. */
export async function examineConfig(
  file: string,
  { stateDir, env, documentFetch }: ExamineConfigOptions,
): Promise<Report> {
  const subject = { mode: 'config', subject: file } as const;
  const files = new Map<string, Uint8Array>();
  const io = {
    env,
    readFile: async (path: string) => {
      const bytes = await readFileBounded(path);
      files.set(path, bytes);
      return bytes;
    },
  };
  let config: Config;
  let ours: readonly Finding[];
  let document: unknown;
  try {
    document = await readConfigFile(file, { readFile: readFileBounded });
    config = await resolveRunConfig(document, io);
    ours = examineText(config);
  } catch (error) {
    return report(subject, problemsOf(error));
  }
  const places = secretPlaces(document);
  const parts = await Promise.all([
    examineFiles(files),
    examineState(config, stateDir),
    examinePorts(config),
    examineIssuer(config),
    ...config.upstreams.map((upstream, index) =>
      examineUpstream(upstream, { access: config.access, secretFrom: places[index] ?? null }),
    ),
    examineTargets(config),
    examineDocuments(config, documentFetch),
    examineStatements(config, documentFetch),
  ]);
  return report(subject, [...ours, ...parts.flat()]);
}

/** What needs neither network nor disk. */
function examineText(config: Config): readonly Finding[] {
  const unsaid = missingAccess(config);
  const { alg } = loadKeySet(config.signingKeys).signing;
  const made = config.signingKeys === null ? ', made at the first start and kept' : '';
  return [
    finding('config', 'the configuration is valid'),
    ...config.warnings.map((text) => finding('config', warn(text, 'change it, unless it is meant'))),
    finding(
      'access',
      unsaid === null ? 'it is said who may sign in' : fail(unsaid, 'write an access section'),
    ),
    finding('signing-key', `tokens are signed with ${alg}${made}`),
  ];
}

function problemsOf(error: unknown): readonly Finding[] {
  if (error instanceof ConfigError)
    return error.problems.map(({ path, problem, fix }) =>
      finding('config', fail(`${path}: ${problem}`, fix)),
    );
  if (error instanceof SallyportError)
    return [finding('config', fail(error.message, 'change what it names'))];
  throw error;
}
