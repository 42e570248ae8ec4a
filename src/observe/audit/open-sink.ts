import type { AuditTarget } from '../../config/config.ts';
import type { Clock } from '../../types/time.ts';
import type { Log } from '../log.ts';
import type { AuditSink } from './auditor.ts';
import { createJsonLines } from './json-lines.ts';
import type { LineTarget } from './json-lines.ts';
import { appendedFile, checkWritable, standardStream } from './targets.ts';

/**
 * Opens what `observe.audit` names; `null` when nothing is kept.
 * @throws {SallyportError} `config_invalid` when the file cannot be opened
 */
export async function openAuditSink(
  audit: AuditTarget | null,
  parts: { readonly clock: Clock; readonly log: Log },
): Promise<AuditSink | null> {
  const target = targetOf(audit, parts.clock);
  if (!target) return null;
  await checkWritable(target);
  return createJsonLines({ target, ...parts });
}

function targetOf(audit: AuditTarget | null, clock: Clock): LineTarget | null {
  switch (audit?.to) {
    case undefined:
    case 'off':
      return null;
    case 'stdout':
      return standardStream(1);
    case 'stderr':
      return standardStream(2);
    case 'file':
      return appendedFile(audit.path, clock);
  }
}
