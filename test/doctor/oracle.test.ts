/** The rows of the SDK, measured by the SDK: it must get as far as the doctor says, for every mistake. */
import * as modern from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, it } from 'vitest';
import { examineUrl } from '../../src/doctor/examine.ts';
import { mistakes } from './mistakes.ts';
import type { Change } from './server.ts';
import { startPlainServer } from './server.ts';

const redirectUrl = 'http://127.0.0.1:33418/callback';

/** What both SDKs want of an application; `reached` tells that the browser would have opened. */
function application(): modern.OAuthClientProvider & { reached: boolean } {
  let verifier = '';
  let information: modern.OAuthClientInformationMixed | undefined;
  const provider = {
    reached: false,
    redirectUrl,
    clientMetadata: {
      client_name: 'oracle',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientMetadataUrl: 'https://app.example.com/client.json',
    state: () => 'state',
    clientInformation: () => information,
    saveClientInformation: (given: modern.OAuthClientInformationMixed) => {
      information = given;
    },
    tokens: () => undefined,
    saveTokens: () => {},
    saveCodeVerifier: (given: string) => {
      verifier = given;
    },
    codeVerifier: () => verifier,
    redirectToAuthorization: () => {
      provider.reached = true;
    },
  };
  return provider;
}

const sdks: readonly (readonly [id: string, connect: (url: string) => Promise<boolean>])[] = [
  [
    'sdk-2025-11-25',
    async (url) => {
      const provider = application();
      const client = new OldClient({ name: 'oracle', version: '1' });
      // `sessionId` of the old line's transport is `undefined` where its interface wants it absent.
      const transport = new OldTransport(new URL(url), { authProvider: provider }) as Transport;
      await client.connect(transport).catch(() => {});
      await transport.close();
      return provider.reached;
    },
  ],
  [
    'sdk-2026-07-28',
    async (url) => {
      const provider = application();
      const client = new modern.Client({ name: 'oracle', version: '1' });
      const transport = new modern.StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
      await client.connect(transport).catch(() => {});
      await transport.close();
      return provider.reached;
    },
  ],
];

async function outcomes(
  change: Change | undefined,
  [id, connect]: (typeof sdks)[number],
): Promise<{ reached: boolean; because: readonly string[] }> {
  const server = await startPlainServer(change);
  try {
    const reached = await connect(server.url);
    const { clients } = await examineUrl(new URL(server.url), { register: false });
    const { because } = clients.find((client) => client.id === id) ?? { because: ['missing'] };
    return { reached, because };
  } finally {
    await server.close();
  }
}

describe.each(sdks)('%s gets as far as the doctor says', (...sdk) => {
  it('without mistakes', async () => {
    expect(await outcomes(undefined, sdk)).toEqual({ reached: true, because: [] });
  });

  // What shows only after the browser has opened is beyond this comparison.
  it.each(mistakes.filter(({ later }) => later !== true))('with: $name', async ({ change }) => {
    const { reached, because } = await outcomes(change, sdk);
    expect({ reached, because }).toEqual({ reached: because.length === 0, because });
  });
});
