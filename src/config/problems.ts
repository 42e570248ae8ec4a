import { SallyportError } from '../types/error.ts';

/** Where a value is in a `RunConfig`. */
export type Path = readonly (string | number)[];

/** What is wrong, and what to write instead. Values are never quoted: they may be secrets in the wrong place. */
export interface Complaint {
  readonly problem: string;
  readonly fix: string;
}

/** One complaint about one place, such as `upstreams[0].oidc_config.client_id`. */
export interface ConfigProblem extends Complaint {
  readonly path: string;
}

/** A configuration that cannot be used. Lists every problem at once, and so does its message. */
export class ConfigError extends SallyportError {
  override readonly name: string = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const message = `the configuration has ${count}:\n${problems.map(formatProblem).join('\n')}`;
    super('config_invalid', message, options);
    this.problems = problems;
  }
}

/** Collects what is found on the way, so that people hear everything at once. */
export class Findings {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];

  /** Something that must be changed. The same complaint about the same place is kept once. */
  refuse(path: Path, complaint: Complaint): void {
    const place = formatPath(path);
    const known = this.problems.some((one) => one.path === place && one.problem === complaint.problem);
    if (!known) this.problems.push({ path: place, problem: complaint.problem, fix: complaint.fix });
  }

  /** Whether something at this very place was refused already. */
  hasRefused(path: Path): boolean {
    const place = formatPath(path);
    return this.problems.some((one) => one.path === place);
  }

  /** Something that works, and that an operator should know. */
  warn(path: Path, text: string): void {
    this.warnings.push(`${formatPath(path)}: ${text}`);
  }

  /** @throws {ConfigError} when anything was refused */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }
}

/** `path: problem`, and the fix on a line of its own. */
function formatProblem({ path, problem, fix }: ConfigProblem): string {
  return `${path}: ${problem}\n  fix: ${fix}`;
}

/** `upstreams[0].oidc_config`; keys that are not plain names are quoted, so that no key can pretend to be a line. */
function formatPath(path: Path): string {
  const text = path.map((step) => formatStep(step)).join('');
  return text === '' ? '(the whole file)' : text.replace(/^\./, '');
}

function formatStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
