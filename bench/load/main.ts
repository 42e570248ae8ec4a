/** The load generator's process. */
import { answerParent } from '../process/remote.ts';
import { runLoad } from './run-load.ts';

answerParent({ start: () => null, run: runLoad });
