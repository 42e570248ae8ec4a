/** Another process on the same database: redeems the code that it is told of, as often as it is told, and says what came. */
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { codeOf } from './backends.ts';

const [, , path = '', grantId = '', times = '1'] = process.argv;

const store = await openSqliteStore({ path, clock: () => Date.UTC(2026, 10, 23, 12) });
const results = await Promise.all(
  Array.from({ length: Number(times) }, (_, index) =>
    store.redeemCode(codeOf(grantId, { attempt: `other-process-${process.pid}-${index}` })),
  ),
);
process.stdout.write(JSON.stringify(results.map((result) => result.r)));
await store.close();
