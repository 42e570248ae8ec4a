import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveMacKey } from '../../src/crypto/hmac.ts';
import { openKeyRings } from '../../src/keys/rings.ts';
import { legSecrets, openLoginState } from '../../src/server/login-state.ts';
import type { LoginRequest } from '../../src/server/login-request.ts';
import { openBytes, openText, sealBytes, sealText, startTransaction } from '../../src/server/transaction.ts';
import { SallyportError } from '../../src/types/error.ts';
import { Secret } from '../../src/types/secret.ts';
import { ringStore } from '../key-rings/ring-store.ts';
import { resolve, runConfig } from '../run-config/fixture.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around, damaged, repeats } from './texts.ts';

const now = 1_800_000_000_000;
const clock = (): number => now;
const sealing = {
  ...(await openKeyRings({
    hmacSecrets: [new Secret(randomBytes(32))],
    store: ringStore({ durable: false }),
  })),
  config: await resolve(runConfig()),
};

const request: fc.Arbitrary<LoginRequest> = fc.record({
  clientId: fc.constant('sp_c1_abc'),
  redirectUri: fc.webUrl(),
  scopes: fc.constantFrom([], ['openid'], ['openid', 'mcp:read']),
  resource: fc.constant('https://mcp.example.com/mcp'),
  challenge: fc.constant('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
  state: fc.option(fc.string({ unit: 'grapheme', maxLength: 40 })),
  nonce: fc.option(anyText.filter((text) => text.isWellFormed())),
  prompt: fc.constant(null),
  maxAge: fc.option(fc.nat()),
  loginHint: fc.constant(null),
});
const purpose = fc.constantFrom('handover', 'consent');
const transaction = request.map((each) => startTransaction(each, clock));
const sealed = fc.constantFrom(
  ...fc.sample(transaction, { numRuns: 40, seed: 1 }).map((each) => sealText(sealing, each, 'consent') ?? ''),
);

describe('a sealed request', () => {
  it('opens as what it was, for its own purpose only', () => {
    fuzz(
      fc.tuple(transaction, purpose),
      ([each, use]) => {
        const text = sealText(sealing, each, use) ?? '';
        expect(openText(sealing, text, { purpose: use, clock })).toEqual(each);
        const other = use === 'consent' ? 'handover' : 'consent';
        expect(openText(sealing, text, { purpose: other, clock })).toBeNull();
        expect(openBytes(sealing, sealBytes(sealing, each))).toEqual(each);
      },
      0.2,
    );
  });

  it('does not open after any damage: one form of a request has one spelling', () => {
    const pair = sealed.chain((text) => fc.tuple(fc.constant(text), damaged(fc.constant(text))));
    fuzz(
      pair,
      ([text, changed]) =>
        expect(openText(sealing, changed, { purpose: 'consent', clock }) === null).toBe(changed !== text),
      0.5,
    );
  });

  it('is sought in any text without failing', () => {
    fuzz(around(sealed), (text) => void openText(sealing, text, { purpose: 'handover', clock }), 0.1);
    fuzz(
      fc.uint8Array({ maxLength: 120 }),
      (bytes) => {
        expect(() => openBytes(sealing, bytes)).toThrow(SallyportError);
      },
      0.1,
    );
    for (const text of repeats([''], ['A', '_']))
      bounded(() => openText(sealing, text, { purpose: 'consent', clock }));
  });
});

describe('our state towards the upstream', () => {
  const key = deriveMacKey(randomBytes(32), 'login-state');
  const leg = fc.record({
    transaction: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((id) => Buffer.from(id).toString('base64url')),
    leg: fc.nat({ max: 255 }),
    browser: fc.constantFrom('one', 'two'),
    upstream: fc.constantFrom('okta', 'corp'),
  });
  const states = leg.map((each) => {
    const { state } = legSecrets(key, each);
    return { each, state, browser: each.browser };
  });

  it('opens in the browser that it was made for, and nowhere else', () => {
    fuzz(
      states,
      ({ state, browser, each }) => {
        const { transaction, leg: at, upstream } = each;
        const upstreams = ['okta', 'corp'];
        const opened = { transaction, leg: at, upstream, key };
        expect(openLoginState([key], state, { browser, upstreams })).toEqual(opened);
        expect(openLoginState([key], state, { browser, upstreams: [upstream] })).toEqual(opened);
        expect(openLoginState([key], state, { browser: `${browser}x`, upstreams })).toBeNull();
        const others = upstreams.filter((one) => one !== upstream);
        expect(openLoginState([key], state, { browser, upstreams: others })).toBeNull();
      },
      0.2,
    );
  });

  it('does not open after any damage', () => {
    const pair = states.chain((each) => fc.tuple(fc.constant(each), damaged(fc.constant(each.state))));
    fuzz(
      pair,
      ([{ state, browser }, text]) =>
        expect(openLoginState([key], text, { browser, upstreams: ['okta', 'corp'] }) === null).toBe(
          text !== state,
        ),
      0.4,
    );
  });
});
