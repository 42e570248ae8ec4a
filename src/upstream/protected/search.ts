import { step } from '../failures.ts';
import { keepTrying } from '../keep-trying.ts';
import type { UpstreamProvider } from '../provider.ts';
import { createUpstreamHttp } from '../upstream-http.ts';
import type { ProviderDeps } from '../upstream-http.ts';
import type { Protector } from './server-metadata.ts';
import { findProtector } from './server-metadata.ts';
import { createWorker } from './worker.ts';
import type { ProtectedConfig } from './worker.ts';

/** Who protects the MCP server, and our side of the conversation with it. */
export interface Worker {
  readonly issuer: string;
  readonly provider: UpstreamProvider;
}

/** Finds the authorization server of an MCP server. */
export interface Search {
  /** Asks the MCP server now. Rejects with `UpstreamError`. */
  look(): Promise<Worker>;
  /** What was found last; asks when nothing was. */
  known(): Promise<Worker>;
  latest(): Worker | null;
  /** Why nobody can sign in now, or `null`. */
  problem(): string | null;
  close(): void;
}

/** Begins in the background, at once and then with growing pauses until somebody was found. */
export function createSearch(config: ProtectedConfig, deps: ProviderDeps): Search {
  const { name: upstream, protectedResource, insecureAllowHttp } = config;
  const { issuer, resource } = protectedResource;
  const namedBy = [resource, ...(issuer === null ? [] : [issuer])];
  const http = createUpstreamHttp({ ...config, authMethod: 'none' }, deps, namedBy);
  const workers = createWorkers({ ...config, namedBy }, deps);
  let latest: Worker | null = null;
  let problem: string | null = 'its MCP server has not been asked yet';
  let looking: Promise<Worker> | null = null;
  const find = async (): Promise<Worker> => {
    try {
      const asking = { upstream, http, insecureAllowHttp, resource };
      const found = await step({ upstream, step: 'discovery' }, () => findProtector(asking, issuer));
      const before = latest;
      latest = workers.of(found);
      problem = null;
      if (before !== null && before.issuer !== latest.issuer)
        deps.log.warn({ upstream }, 'the MCP server is protected by another authorization server now');
      return latest;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      deps.log.warn({ upstream, problem }, 'who protects the MCP server could not be found');
      throw error;
    }
  };
  const look = (): Promise<Worker> => (looking ??= find().finally(() => (looking = null)));
  const stop = keepTrying(async () => {
    if (latest === null) await look().catch(() => null);
    return latest !== null;
  });
  return {
    look,
    known: async () => latest ?? (await look()),
    latest: () => latest,
    problem: () => problem,
    close() {
      stop();
      workers.close();
      http.close();
    },
  };
}

interface Workers {
  readonly of: (protector: Protector) => Worker;
  readonly close: () => void;
}

/** The present conversation; another issuer, other endpoints or scopes make another one. */
function createWorkers(config: ProtectedConfig, deps: ProviderDeps): Workers {
  let present: { readonly key: string; readonly worker: Worker } | null = null;
  return {
    of(protector) {
      const key = JSON.stringify(protector);
      if (present?.key === key) return present.worker;
      const worker = { issuer: protector.server.issuer, provider: createWorker(config, protector, deps) };
      // Calls that are under way there may fail as they do when a provider is away: nothing is lost by that.
      present?.worker.provider.close();
      present = { key, worker };
      return worker;
    },
    close: () => present?.worker.provider.close(),
  };
}
