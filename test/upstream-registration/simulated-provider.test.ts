import { afterEach, describe, expect, it, vi } from 'vitest';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createSealer } from '../../src/crypto/seal.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createProviderSimulator } from '../../src/testing/index.ts';
import type { ProviderSimulator, Quirks, SimulatedCall } from '../../src/testing/index.ts';
import { Secret } from '../../src/types/secret.ts';
import type { UpstreamRegistrationConfig } from '../../src/config/config.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../src/upstream/provider.ts';
import { defaultCallback, newLogin, oidcConfig } from '../fixtures/upstream.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const sealer = createSealer([new Uint8Array(32).fill(7)]);

/** A provider that takes registrations, a store, and time that tests move. */
class Scene {
  #ahead = 0;
  readonly simulator: ProviderSimulator;
  readonly store: AuthStore;

  private constructor(quirks: Partial<Quirks>) {
    const clock = (): number => this.now;
    const all: Partial<Quirks> = { registration: 'open', ...quirks };
    this.simulator = createProviderSimulator({ quirks: all, clock, clients: [] });
    this.store = createMemoryStore({ clock });
  }

  /** Goes on by itself, and jumps where tests set it. */
  get now(): number {
    return Date.now() + this.#ahead;
  }

  set now(moment: number) {
    this.#ahead = moment - Date.now();
  }

  static async start(quirks: Partial<Quirks> = {}): Promise<Scene> {
    const scene = new Scene(quirks);
    await scene.simulator.start();
    closing.push(() => scene.simulator.close());
    return scene;
  }

  /** Us, in one process. */
  provider(
    changes: Parameters<typeof oidcConfig>[1] = {},
    registration = this.registration(),
  ): UpstreamProvider {
    const config = oidcConfig(this.simulator.issuer, {
      clientId: '',
      clientSecret: null,
      authMethod: 'client_secret_basic',
      authMethodGiven: false,
      redirectUri: defaultCallback,
      registration,
      ...changes,
    });
    const registrations = { store: this.store, sealer };
    const provider = createProvider(config, { clock: () => this.now, log: silentLog, registrations });
    closing.push(() => provider.close());
    return provider;
  }

  registration(changes: Partial<UpstreamRegistrationConfig> = {}): UpstreamRegistrationConfig {
    return {
      discoveryUrl: `${this.simulator.issuer}/.well-known/openid-configuration`,
      registrationEndpoint: null,
      initialAccessToken: null,
      clientName: 'Sallyport',
      softwareId: null,
      softwareStatement: null,
      ...changes,
    };
  }

  async login(provider: UpstreamProvider): Promise<UpstreamLogin & { readonly clientId: string }> {
    const { request, codeVerifier } = newLogin();
    const back = await this.simulator.signIn(await provider.authorizationUrl(request), 'alice');
    const parameters = new URL(back).searchParams;
    const login = await provider.exchange({ ...request, parameters, codeVerifier });
    return { ...login, clientId: provider.clientId };
  }

  get registered(): readonly SimulatedCall[] {
    return this.simulator.calls.filter(
      ({ endpoint, method }) => endpoint === 'register' && method === 'POST',
    );
  }

  get tokenCalls(): readonly SimulatedCall[] {
    return this.simulator.calls.filter(({ endpoint }) => endpoint === 'token');
  }
}

describe('a registration', () => {
  it.each([
    ['answered with 200', { registrationStatus: 200 as const }],
    ['at an endpoint that nobody advertises', { registration: 'unadvertised' as const }],
    ['whose secret never ends', { registrationSecretExpires: 'absent' as const }],
    ['for one redirect URI alone', { registrationRedirectUris: [defaultCallback] }],
  ])('%s is used', async (_name, quirks) => {
    const scene = await Scene.start(quirks);
    expect((await scene.login(scene.provider())).identity.subject).not.toBe('');
    expect(scene.registered).toHaveLength(1);
  });

  it.each(['client_secret_post', 'client_secret_basic', 'none'] as const)(
    'that the provider gives %s, whatever was asked for, is used that way',
    async (method) => {
      const scene = await Scene.start({ registrationAuthentication: method });
      await scene.login(scene.provider());
      expect(scene.tokenCalls.at(-1)?.authentication).toBe(method);
    },
  );

  it('names our key where the provider takes private_key_jwt, and no secret is ever made', async () => {
    const scene = await Scene.start({ clientAuthentication: ['private_key_jwt', 'client_secret_basic'] });
    const pem = { pem: new Secret(generateSigningKeyPem()), origin: 'test' };
    const settings = {
      ...standardSettings,
      profile: 'generic-oidc',
      clientKey: { pem, keyId: 'ours', certificate: null, audience: 'issuer' as const },
    };
    await scene.login(scene.provider({ settings }));
    expect(scene.tokenCalls.at(-1)?.authentication).toBe('private_key_jwt');
  });

  it('that the provider gives a method which we do not know is refused, and says what to do', async () => {
    const scene = await Scene.start({ registrationAuthentication: 'client_secret_jwt' as never });
    await expect(scene.provider().authorizationUrl(newLogin().request)).rejects.toThrow(
      /set token_endpoint_auth_method/u,
    );
  });

  it('that had ended when it came is refused', async () => {
    const scene = await Scene.start({ registrationSecretExpires: 'past' });
    await expect(scene.provider().authorizationUrl(newLogin().request)).rejects.toThrow(/had ended/u);
  });

  it('really carries software id and statement, and the initial access token', async () => {
    const scene = await Scene.start({ registration: 'initial-access-token' });
    const { initialAccessToken } = scene.simulator.quirks;
    const provider = scene.provider(
      {},
      scene.registration({
        initialAccessToken: new Secret(initialAccessToken),
        softwareId: 'sallyport',
        softwareStatement: 'a.b.c',
      }),
    );
    await scene.login(provider);
    expect(scene.registered[0]?.parameters).toMatchObject({
      software_id: 'sallyport',
      software_statement: 'a.b.c',
    });
    expect(scene.registered[0]?.headers['authorization']).toBe(`Bearer ${initialAccessToken}`);
  });

  it('where nobody takes any says so, and to register by hand', async () => {
    const scene = await Scene.start({ registration: 'absent' });
    await expect(scene.provider().authorizationUrl(newLogin().request)).rejects.toThrow(
      /takes no registrations there; register by hand/u,
    );
  });

  it('is tried again after a provider was down, not before ten seconds have passed', async () => {
    const scene = await Scene.start();
    scene.simulator.failNext('register', 500);
    const provider = scene.provider();
    await expect(provider.authorizationUrl(newLogin().request)).rejects.toMatchObject({
      failure: 'unavailable',
    });
    await expect(provider.authorizationUrl(newLogin().request)).rejects.toMatchObject({
      failure: 'unavailable',
    });
    expect(scene.registered).toHaveLength(1);
    scene.now += 10_001;
    await scene.login(provider);
    expect(scene.registered).toHaveLength(2);
  });
});

describe('a secret that ends', () => {
  const lifetime = 3600;
  const quirks = { registrationSecretExpires: 'soon', registrationSecretLifetime: lifetime } as const;

  it('is replaced before its end; tokens of the old one are refreshed with the old one', async () => {
    const scene = await Scene.start(quirks);
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += lifetime * 950;
    const second = await scene.login(provider);
    expect(scene.registered).toHaveLength(2);
    expect(second.clientId).not.toBe(first.clientId);
    const refreshToken = first.tokens.refreshToken ?? '';
    const { subject } = first.identity;
    await provider.refresh({ refreshToken, subject, clientId: first.clientId });
    expect(scene.tokenCalls.at(-1)?.clientId).toBe(first.clientId);
  });

  it('that has ended ends what was given to it, cleanly', async () => {
    const scene = await Scene.start(quirks);
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += lifetime * 1001;
    const asked = { refreshToken: first.tokens.refreshToken ?? '', subject: first.identity.subject };
    await expect(provider.refresh({ ...asked, clientId: first.clientId })).rejects.toMatchObject({
      failure: 'rejected',
    });
    expect((await scene.login(provider)).clientId).not.toBe(first.clientId);
  });

  it('is deleted at the provider, where it offers that, when nothing depends on it any more', async () => {
    const scene = await Scene.start({ ...quirks, registrationManagement: true });
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += lifetime * 1001;
    const second = await scene.login(provider);
    expect(second.clientId).not.toBe(first.clientId);
    await vi.waitFor(() => {
      const deleted = scene.simulator.calls.filter(({ method }) => method === 'DELETE');
      expect(deleted.map(({ path }) => path.split('/').at(-1))).toEqual([first.clientId]);
    });
  });

  it('is replaced once, however many processes notice', async () => {
    const scene = await Scene.start(quirks);
    const processes = [scene.provider(), scene.provider(), scene.provider()];
    await Promise.all(processes.map((process) => scene.login(process)));
    expect(scene.registered).toHaveLength(1);
    scene.now += lifetime * 950;
    // While one of them registers, the others go on with what is still good.
    await Promise.all(processes.map((process) => scene.login(process)));
    const logins = await Promise.all(processes.map((process) => scene.login(process)));
    expect(scene.registered).toHaveLength(2);
    expect(new Set(logins.map(({ clientId }) => clientId)).size).toBe(1);
  });

  it('stays in use to its end while the provider takes no new registrations', async () => {
    const scene = await Scene.start(quirks);
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += lifetime * 950;
    scene.simulator.failNext('register', 500, { times: 5 });
    expect((await scene.login(provider)).clientId).toBe(first.clientId);
  });
});

describe('a provider that has forgotten us', () => {
  it('gets one new registration; tokens of the old one are over, new logins work', async () => {
    const scene = await Scene.start();
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += 600_000;
    scene.simulator.forgetClients();
    const asked = { refreshToken: first.tokens.refreshToken ?? '', subject: first.identity.subject };
    await expect(provider.refresh({ ...asked, clientId: first.clientId })).rejects.toMatchObject({
      failure: 'rejected',
    });
    expect((await scene.login(provider)).clientId).not.toBe(first.clientId);
    expect(scene.registered).toHaveLength(2);
  });

  it('that takes us for wrong again at once is not flooded with registrations', async () => {
    const scene = await Scene.start();
    const provider = scene.provider();
    await scene.login(provider);
    const { request, codeVerifier } = newLogin();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const back = await scene.simulator.signIn(await provider.authorizationUrl(request), 'alice');
      scene.simulator.forgetClients();
      const parameters = new URL(back).searchParams;
      await expect(provider.exchange({ ...request, parameters, codeVerifier })).rejects.toThrow();
      scene.simulator.addClient({
        client_id: provider.clientId,
        client_secret: 'another one',
        redirect_uris: [defaultCallback],
      });
    }
    expect(scene.registered.length).toBeLessThanOrEqual(2);
  });

  it('and lets us look (RFC 7592) is asked before anything is given up', async () => {
    const scene = await Scene.start({ registrationManagement: true });
    const provider = scene.provider();
    const first = await scene.login(provider);
    scene.now += 600_000;
    // It takes us for wrong once, and still knows us.
    scene.simulator.failNext('token', { error: 'invalid_client' });
    const asked = { refreshToken: first.tokens.refreshToken ?? '', subject: first.identity.subject };
    await expect(provider.refresh({ ...asked, clientId: first.clientId })).rejects.toMatchObject({
      code: 'invalid_client',
    });
    expect(scene.registered).toHaveLength(1);
    // It is left alone for a while, as anybody who refuses us.
    scene.now += 120_000;
    expect(await provider.refresh({ ...asked, clientId: first.clientId })).toMatchObject({
      subjectMismatch: false,
    });
  });
});

describe('what a registration keeps', () => {
  it('opens for nobody without the key of the vault', async () => {
    const scene = await Scene.start();
    await scene.login(scene.provider());
    const registrations = { store: scene.store, sealer: createSealer([new Uint8Array(32).fill(8)]) };
    const config = oidcConfig(scene.simulator.issuer, {
      clientId: '',
      clientSecret: null,
      authMethodGiven: false,
      registration: scene.registration(),
    });
    const stranger = createProvider(config, { clock: () => scene.now, log: silentLog, registrations });
    closing.push(() => stranger.close());
    await stranger.authorizationUrl(newLogin().request);
    expect(scene.registered).toHaveLength(2);
  });
});
