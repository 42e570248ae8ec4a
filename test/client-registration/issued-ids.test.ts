import { describe, expect, it } from 'vitest';
import { decodeClientId } from '../../src/clients/client-id.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import { issuedIds, issuingKey } from './issued-ids.ts';
import { callback, confidentialOptions, newKey, now, registryOptions } from './registry.ts';

describe('ids that were given out', () => {
  it.each(issuedIds)('mean the same for ever: $registration.name', ({ id, registration }) => {
    expect(decodeClientId(id, [issuingKey])).toEqual(registration);
  });

  it('are known while their key is in the ring, wherever it stands, and not without it', () => {
    const clock = (): number => now;
    for (const { id } of issuedIds) {
      const find = (...idKeys: (typeof issuingKey)[]): unknown =>
        createClientRegistry(confidentialOptions({ idKeys, clock })).find(id)?.id;
      expect(find(issuingKey)).toBe(id);
      expect(find(newKey(), issuingKey)).toBe(id);
      expect(find(newKey(), newKey(), issuingKey)).toBe(id);
      expect(find(newKey())).toBeUndefined();
    }
  });

  it('are given again to who registers the same: a new version makes no new clients', () => {
    const registry = createClientRegistry(registryOptions({ idKeys: [issuingKey] }));
    const { client_id: id } = registry.register({
      redirect_uris: ['http://127.0.0.1:5000/callback'],
      client_name: 'App',
      scope: 'openid',
      application_type: 'native',
    });
    expect(decodeClientId(id, [issuingKey])).toEqual(issuedIds[0]?.registration);
    expect(id).toMatch(/^sp_c1_/u);
  });

  it('of the second form are those that name their software, and are no first form under another prefix', () => {
    const registry = createClientRegistry(registryOptions({ idKeys: [issuingKey] }));
    const { client_id: id } = registry.register({ redirect_uris: [callback], software_id: 'acme-1' });
    expect(id).toMatch(/^sp_c2_/u);
    expect(registry.find(id)?.softwareId).toBe('acme-1');
    expect(registry.find(id.replace('sp_c2_', 'sp_c1_'))).toBeNull();
    for (const issued of issuedIds)
      for (const prefix of ['sp_c1_', 'sp_c2_', 'sp_c3_'].filter((one) => !issued.id.startsWith(one)))
        expect(registry.find(prefix + issued.id.slice(prefix.length))).toBeNull();
  });
});
