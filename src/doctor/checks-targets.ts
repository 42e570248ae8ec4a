import type { Config, ProxyConfig } from '../config/config.ts';
import { createAsking } from './ask.ts';
import { fail, finding } from './finding.ts';
import type { Finding } from './finding.ts';

/** Whether the MCP servers behind answer. The operator named them, so they may be anywhere. */
export async function examineTargets({ proxies }: Config): Promise<readonly Finding[]> {
  return Promise.all(proxies.map((proxy) => examineTarget(proxy)));
}

/** HEAD starts no session and no stream; any answer shows that somebody is there. */
async function examineTarget({ path, target }: ProxyConfig): Promise<Finding> {
  const ask = await createAsking(new URL(target));
  try {
    const { status, problem } = await ask(target, { method: 'HEAD' });
    const start = 'start the MCP server, or correct proxy.target';
    if (status === 0)
      return finding('target', fail(`${path}: ${target} gives no answer: ${problem ?? ''}`, start));
    return status >= 502 && status <= 504
      ? finding('target', fail(`${path}: ${target} answers with ${status}`, start))
      : finding('target', `${path}: ${target} answers`);
  } finally {
    await ask.close();
  }
}
