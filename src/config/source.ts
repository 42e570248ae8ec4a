import { readConfigFile } from './load.ts';
import { resolveRunConfig } from './resolve.ts';
import type { ResolveIo } from './resolving.ts';
import type { Config } from './config.ts';

/** A configuration file that can be read again, and every file that it named the last time. */
export interface ConfigSource {
  /** Reads and checks everything. @throws {ConfigError} */
  readonly load: () => Promise<Config>;
  /** What `load` read, or tried to. */
  readonly files: () => readonly string[];
}

/**
 * The configuration of a file.
 * @param complete what the caller adds to each reading
 */
export function configSource(
  file: string,
  {
    io,
    complete = (config) => config,
  }: { readonly io: ResolveIo; readonly complete?: (config: Config) => Config },
): ConfigSource {
  let files: readonly string[] = [file];
  return {
    files: () => files,
    async load() {
      const read = new Set([file]);
      const readFile = (path: string): Promise<Uint8Array> => {
        read.add(path);
        return io.readFile(path);
      };
      try {
        const written = await readConfigFile(file, io);
        const config = complete(await resolveRunConfig(written, { env: io.env, readFile }));
        files = [...read];
        return config;
      } catch (error) {
        // Of what was refused we may have read only a part: what was watched before may be what gets mended.
        files = [...new Set([...files, ...read])];
        throw error;
      }
    },
  };
}
