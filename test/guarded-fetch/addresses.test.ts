import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isLoopbackAddress,
  isLoopbackHost,
  isPrivateOrPublicAddress,
  isPublicAddress,
} from '../../src/net/addresses.ts';

describe('public addresses', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '93.184.216.34',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ['this network', '0.0.0.0', '0.1.2.3'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ['shared (carrier-grade NAT)', '100.64.0.1', '100.127.255.255'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['link-local, where cloud metadata lives', '169.254.169.254', 'fe80::1'],
    ['protocol assignments', '192.0.0.1', '192.0.0.9', '192.0.0.170'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['6to4 relays', '192.88.99.1'],
    ['benchmarks', '198.18.0.1', '198.19.255.255', '2001:2::1'],
    ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1'],
    ['reserved and broadcast', '240.0.0.1', '255.255.255.255'],
    ['unspecified', '::'],
    ['IPv4-mapped', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:169.254.169.254'],
    ['IPv4-compatible', '::127.0.0.1', '::7f00:1', '::8.8.8.8'],
    ['NAT64', '64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::a00:1'],
    ['6to4', '2002:7f00:1::', '2002:808:808::'],
    ['Teredo', '2001:0:7f00:1::', '2001::1'],
    ['ORCHID', '2001:10::1', '2001:20::1', '2001:1::1'],
    ['unique local', 'fc00::1', 'fd00::1', 'fdff:ffff::1'],
    ['site-local', 'fec0::1'],
    ['discard-only', '100::1', '100:0:0:1::1'],
    ['segment routing', '5f00::1'],
    ['not yet assigned', '4000::1'],
  ])('%s are not', (_what, ...addresses) => {
    for (const address of addresses) expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  test.each([
    '',
    'localhost',
    'example.com',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '010.0.0.1',
    '8.8.8',
    '8.8.8.8.',
    ' 8.8.8.8',
    '8.8.8.8:443',
    '[::1]',
    '[2606:4700:4700::1111]',
    'fe80::1%eth0',
    '2606:4700:4700::1111%eth0',
    '2606:4700:4700::1111/64',
    '::ffff:8.8.8.8%1',
  ])('whatever is not the plain form of an address is not: %j', (text) => {
    expect(isPublicAddress(text)).toBe(false);
    expect(isPrivateOrPublicAddress(text)).toBe(false);
  });

  test('no text makes the check throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        expect(typeof isPublicAddress(text)).toBe('boolean');
        expect(typeof isLoopbackHost(text)).toBe('boolean');
      }),
    );
  });

  test('mapping an IPv4 address into IPv6 changes nothing', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
      }),
    );
  });
});

describe('addresses that an operator may allow', () => {
  test.each([
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    '8.8.8.8',
    '::ffff:10.0.0.1',
  ])('%s may be', (address) => {
    expect(isPrivateOrPublicAddress(address)).toBe(true);
  });

  test.each([
    '169.254.169.254',
    'fe80::1',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
  ])('%s may not', (address) => {
    expect(isPrivateOrPublicAddress(address)).toBe(false);
  });
});

describe('loopback', () => {
  test.each([
    'localhost',
    'app.localhost',
    'localhost.',
    '127.0.0.1',
    '127.8.9.10',
    '[::1]',
    '::1',
    '[::ffff:7f00:1]',
  ])('%s is a loopback host', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  test.each([
    'localhost.example.com',
    'notlocalhost',
    '127.0.0.1.nip.io',
    '128.0.0.1',
    '[::2]',
    '0.0.0.0',
    '',
  ])('%s is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });

  test('addresses have no names', () => {
    expect(isLoopbackAddress('localhost')).toBe(false);
    expect(isLoopbackAddress('127.0.0.1')).toBe(true);
  });
});
