import type { Config } from '../config/config.ts';
import type { Auditor } from '../observe/audit/auditor.ts';
import { createAuditor } from '../observe/audit/auditor.ts';
import { openAuditSink } from '../observe/audit/open-sink.ts';
import { silentLog } from '../observe/log.ts';
import type { CommandIo } from './command-io.ts';

/** Tells what an operator does by command where the gateway tells its own: in its audit file, when there is one. */
export async function withAudit(
  { observe: { audit } }: Config,
  { clock }: CommandIo,
  tell: (auditor: Auditor) => void,
): Promise<void> {
  // A standard stream would be the command's own output.
  const kept = audit?.to === 'file' ? audit : null;
  const sink = await openAuditSink(kept, { clock, log: silentLog });
  tell(createAuditor({ clock, log: silentLog, sink, listener: null, count: () => {} }));
  await sink?.close();
}
