import type { z } from 'zod';
import type {
  FieldMapping,
  IdentityFromToken,
  TokenResponseMapping,
  Userinfo,
} from '../profiles/settings.ts';
import { oneOf, optional, requiredText, section, text, textMap, texts } from './schema-fields.ts';

/** Where an upstream tells who somebody is. */
export const userinfoSchema: z.ZodType<Userinfo> = section<Userinfo>({
  endpoint_url: requiredText(
    'Absolute URL; https, or http on a loopback host.',
    'https://api.github.com/user',
  ),
  http_method: oneOf(['GET', 'POST'], 'How to ask. Default: GET.'),
  additional_headers: textMap('Headers to add; they replace ours of the same name.', {
    Accept: 'application/vnd.github+json',
  }),
  body: text(
    'JSON to send, where who somebody is has to be asked for (GraphQL). Needs POST.',
    '{"query":"{ viewer { id } }"}',
  ),
  field_mapping: optional(
    section<FieldMapping>({
      subject_fields: texts('Candidates for the stable id, best first. Default: sub.', ['id']),
      name_fields: texts('Candidates for the name, best first. Default: name.', ['name', 'login']),
      email_fields: texts('Candidates for the e-mail, best first. Default: email.', ['email']),
      email_verified_fields: texts(
        'Candidates for whether the e-mail is verified; the first that is there decides. Default: email_verified, for the field email only.',
        ['verified'],
      ),
    }),
    'Which fields of the answer tell who somebody is. Where no field has that name, dots lead into objects (data.viewer.id).',
  ),
});

/** Where a provider hides its tokens in the token answer. */
export const tokenMappingSchema: z.ZodType<TokenResponseMapping> = section<TokenResponseMapping>({
  access_token_path: requiredText('Path of the access token.', 'authed_user.access_token'),
  scope_path: text('Path of the scopes. Default: scope.', 'authed_user.scope'),
  refresh_token_path: text('Path of the refresh token. Default: refresh_token.', 'authed_user.refresh_token'),
  expires_in_path: text('Path of the lifetime in seconds. Default: expires_in.', 'authed_user.expires_in'),
});

/** Where a provider puts the identity in the token answer. */
export const tokenIdentitySchema: z.ZodType<IdentityFromToken> = section<IdentityFromToken>({
  subject_path: requiredText(
    'Path of the stable id; access_token|@upstreamjwt|sub reads into a JWT.',
    'authed_user.id',
  ),
  name_path: text('Path of the name.', 'authed_user.name'),
  email_path: text('Path of the e-mail.', 'authed_user.email'),
});
