import { OAuthError } from '../oauth/errors.ts';
import type { OAuthErrorCode } from '../oauth/errors.ts';

/** What a registration was refused by. */
export type RefusedBy = 'token' | 'redirect_uris' | 'software_id' | 'statement';

/** A registration that is well-formed and not wanted: operators hear of it, unlike of a client's mistakes. */
export class RegistrationRefused extends OAuthError {
  readonly by: RefusedBy;

  constructor(
    by: RefusedBy,
    code: OAuthErrorCode,
    {
      description,
      ...options
    }: { readonly description: string } & ConstructorParameters<typeof OAuthError>[2],
  ) {
    super(code, description, options);
    this.by = by;
  }
}
