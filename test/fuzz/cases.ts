/**
 * How many cases every parser gets, from which seed, and the limit on a single one. The only file here that reads the
 * environment. `npm test` takes 10⁴ cases of one fixed seed, so that green stays green; `npm run fuzz` takes 10⁶ of a new one.
 */
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';

const [runs = 10_000, seed = 20_260_728] = (process.env['SALLYPORT_FUZZ'] ?? '')
  .split(':')
  .filter((part) => part !== '')
  .map(Number);

/** A hang is noticed after this time, in milliseconds: a linear parser needs less than a thousandth of it. */
const patience = 2000;

/** @param share of the parser's cases; the shares of one file add up to 1 or more */
function parametersFor(share: number): { numRuns: number; seed: number } {
  return { numRuns: Math.ceil(runs * share), seed };
}

/** Checks a property on its share of the cases. */
export function fuzz<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void, share = 1): void {
  const property = fc.property(arbitrary, (value) => {
    check(value);
  });
  fc.assert(property, parametersFor(share));
}

/** Likewise for a parser that answers later. */
export async function fuzzAsync<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
  share = 1,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (value) => {
    await check(value);
  });
  await fc.assert(property, parametersFor(share));
}

/** Runs a parser on one input; throws `ERR_SCRIPT_EXECUTION_TIMEOUT` when it hangs, even inside a regular expression. */
export function bounded<T>(parse: () => T): T {
  // The context only carries the call: the result is the parser's own.
  return runInNewContext('parse()', { parse }, { timeout: patience }) as T;
}
