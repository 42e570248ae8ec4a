/** The load generator's process. */
import { answerParent } from '../process/remote.ts';
import { runFlood, runLogins } from './flood.ts';
import { runLoad } from './run-load.ts';

answerParent({ start: () => null, run: runLoad, flood: runFlood, logins: runLogins });
