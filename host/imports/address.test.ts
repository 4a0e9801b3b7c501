import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { canonicalAddress, reachOf } from './address.ts';

const test = suite('address');

const REACHES = {
  public: [
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.9.9',
    '223.255.255.255',
  ].concat(['2606:4700::1111', '2001:4860:4860::8888', '2a00:1450:4001::200e', '2001:200::1', '3ffe::1']),
  restricted: ['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.1.1', '172.16.0.1']
    .concat(['172.31.255.255', '192.168.1.1', '192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.19.255.255'])
    .concat(['198.51.100.1', '203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'])
    .concat(['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12:3456::1', 'ff02::1', 'fec0::1', '100::1'])
    .concat(['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '0:0:0:0:0:ffff:10.0.0.1', '::127.0.0.1'])
    .concat(['64:ff9b::8.8.8.8', '64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', '2002:808:808::1', '2001::1'])
    .concat(['2001:db8::1', '3fff::1', '5f00::1', '4000::1', 'not an address', '']),
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '192.0.0.192',
    '100.100.100.200',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:254',
  ].concat([
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    '::ffff:100.100.100.200',
  ]),
} as const;

for (const [reach, addresses] of Object.entries(REACHES)) {
  test(`${reach}: ${addresses.length} addresses`, () => {
    for (const address of addresses) assert.is(reachOf(address), reach, address);
  });
}

test('no IPv4 address gets more public inside an IPv6 one', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
      const hex = [a * 256 + b, c * 256 + d].map((group) => group.toString(16));
      const plain = reachOf(`${a}.${b}.${c}.${d}`);
      for (const wrapped of [`::ffff:${hex.join(':')}`, `64:ff9b::${hex.join(':')}`, `2002:${hex.join(':')}::1`]) {
        assert.is(reachOf(wrapped), plain === 'metadata' ? 'metadata' : 'restricted', wrapped);
      }
    }),
  );
});

test('every spelling of an IPv6 address has one canonical form', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.is(canonicalAddress(canonicalAddress(address).toUpperCase()), canonicalAddress(address));
      assert.is(reachOf(address), reachOf(canonicalAddress(address)));
    }),
  );
});
