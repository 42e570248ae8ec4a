/** Runs everything for a long time, with a provider that fails, and tells whether anything broke or grew. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runSoak } from './soak/run-soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '250' },
    users: { type: 'string', default: '60' },
    faults: { type: 'string', default: '0.03' },
    'outage-every': { type: 'string', default: '90' },
    'kill-every': { type: 'string', default: '0' },
    'rotate-every': { type: 'string', default: '60' },
    out: { type: 'string' },
  },
});

const summary = await runSoak({
  minutes: Number(values.minutes),
  rate: Number(values.rate),
  users: Number(values.users),
  faults: Number(values.faults),
  outageEvery: Number(values['outage-every']),
  killEvery: Number(values['kill-every']),
  rotateEvery: Number(values['rotate-every']),
  onSample: ({ rss, fds }, requests) =>
    process.stderr.write(`${requests} requests, ${Math.round(rss / 2 ** 20)} MiB, ${fds} files\n`),
});
const text = `${JSON.stringify(summary, null, 2)}\n`;
process.stdout.write(text);
if (values.out !== undefined) await writeFile(values.out, text);
process.exitCode = summary.violations.length === 0 ? 0 : 1;
