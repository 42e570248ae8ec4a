import type { SessionView } from '../store/contract.ts';
import type { AccessToken } from './access-token.ts';

/** Something that a caller wanted to do, and which scopes it lacks for that. */
export interface ScopeLack {
  readonly token: AccessToken;
  readonly session: SessionView;
  /** The canonical identifier of the protected resource. */
  readonly resource: string;
  /** Never empty. */
  readonly missing: readonly string[];
}

/**
 * What helps: another authorization (`challenge`), or nothing that the client could do by itself (`explain`): it may not have
 * the scopes, its user has refused them, or it has come back without them again and again.
 */
export type StepUpVerdict = 'challenge' | 'explain';

/** Decides whether a challenge can lead anywhere. An `AuthServer` has one as `stepUp`. */
export type StepUpJudge = (lack: ScopeLack) => Promise<StepUpVerdict>;
