/** What a log line may carry. Secrets and tokens are never fields. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where operators read what happened. Names follow pino's levels. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Says nothing: the default of the library. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
