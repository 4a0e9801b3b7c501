import { BlockList, isIP } from 'node:net';

/**
 * How far an address reaches: `public` is open to every rule, `restricted` (loopback, private, link-local, shared,
 * multicast, reserved, documentation and translation ranges) only to an operator rule with `private: true`, `metadata`
 * (where clouds hand out credentials) only to an operator rule that names the very address.
 */
export type Reach = 'public' | 'restricted' | 'metadata';

// IANA IPv4 Special-Purpose Address Registry, and multicast.
const IPV4_RESTRICTED = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]);

// Only 2000::/3 is global unicast. Outside it lie loopback, unique local, link-local, multicast, IPv4-mapped,
// IPv4-compatible and NAT64.
const IPV6_GLOBAL = blockList('ipv6', [['2000::', 3]]);
// Inside it: protocol assignments with Teredo, documentation twice, 6to4.
const IPV6_RESTRICTED = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

// AWS, Azure, GCP, DigitalOcean and others; AWS task roles; Oracle; Alibaba; AWS over IPv6; GCP over IPv6.
const METADATA = new Set(
  [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '192.0.0.192',
    '100.100.100.200',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
  ].map(canonicalAddress),
);

/**
 * The reach of an IP address in any textual form that sockets and resolvers produce (a zone id is ignored).
 * An IPv6 address that carries an IPv4 one inside is never more public than either. Not an address: `restricted`.
 */
export function reachOf(address: string): Reach {
  const canonical = canonicalAddress(address);
  if (METADATA.has(canonical)) return 'metadata';
  if (isIP(canonical) === 4) return IPV4_RESTRICTED.check(canonical, 'ipv4') ? 'restricted' : 'public';
  if (isIP(canonical) !== 6) return 'restricted';
  if (embeddedIpv4(canonical).some((inner) => METADATA.has(inner))) return 'metadata';
  return IPV6_GLOBAL.check(canonical, 'ipv6') && !IPV6_RESTRICTED.check(canonical, 'ipv6') ? 'public' : 'restricted';
}

/** One spelling for each address (RFC 5952 without a zone id); anything else comes back unchanged. */
export function canonicalAddress(address: string): string {
  const bare = address.replace(/%.*$/, '');
  return isIP(bare) === 6 ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}

// The last 32 bits (IPv4-mapped, IPv4-compatible, NAT64, ISATAP) and bits 16 to 47 (6to4).
function embeddedIpv4(canonical: string): string[] {
  const [head = '', tail = ''] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
  const dotted = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const inner = [dotted(groups[6], groups[7])];
  if (groups[0] === 0x2002) inner.push(dotted(groups[1], groups[2]));
  return inner;
}

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family);
  return list;
}
