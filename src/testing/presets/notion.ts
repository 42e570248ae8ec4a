import { assumed, docs } from './preset.ts';
import type { Preset } from './preset.ts';

const installation = {
  bot_id: '22222222-2222-4222-8222-222222222222',
  workspace_icon: 'https://example.com/icon.png',
  workspace_name: 'Example',
  workspace_id: '33333333-3333-4333-8333-333333333333',
  owner: {
    type: 'user',
    user: {
      object: 'user',
      id: '{oid}',
      name: '{name}',
      avatar_url: '{picture}',
      type: 'person',
      person: { email: '{email}' },
    },
  },
  duplicated_template_id: '55555555-5555-4555-8555-555555555555',
  request_id: '44444444-4444-4444-8444-444444444444',
} as const;

/** Notion: the client authenticates with Basic, the answer has no expiry, and the user is inside `owner`. */
export const notion: Preset = {
  documentation: [
    'https://developers.notion.com/reference/create-a-token',
    'https://developers.notion.com/reference/refresh-a-token',
    'https://developers.notion.com/reference/get-self',
  ],
  quirks: {
    protocol: docs('oauth2'),
    discovery: assumed('none'),
    paths: docs({
      authorize: '/v1/oauth/authorize',
      token: '/v1/oauth/token',
      userinfo: '/v1/users/me',
      jwks: '/keys',
      revoke: '/v1/oauth/revoke',
      register: '/register',
    }),
    pkce: assumed('ignored'),
    clientAuthentication: docs(['client_secret_basic']),
    requestEncoding: assumed('either'),
    tokenType: docs('bearer'),
    accessTokenLifetime: assumed(null),
    answerScope: docs('absent'),
    tokenFields: docs(installation),
    refreshFields: docs(installation),
    rotation: docs('single-use'),
    reuseRevokesGrant: assumed(false),
    userinfoFields: assumed({
      object: 'user',
      id: '22222222-2222-4222-8222-222222222222',
      name: 'Test',
      avatar_url: null,
      type: 'bot',
      bot: { owner: installation.owner, workspace_name: 'Example' },
      request_id: '44444444-4444-4444-8444-444444444444',
    }),
    requiredApiHeaders: docs(['Notion-Version']),
  },
};
