import { SHORT_MS, type Targets } from './target.ts';

const NEVER: readonly string[] = ['never'];
const ABSENT: readonly string[] = ['absent'];

/**
 * What names resolve to, one answer after the other, the last for good. Two answers are none: `never` does not come, and
 * `absent` is that there is no such name.
 */
export const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'honest.test': [['127.0.0.1']],
  'hostile.test': [['127.0.0.1']],
  localhost: [['127.0.0.1', '::1']],
  'localhost.': [['127.0.0.1', '::1']],
  'loop.public.test': [['127.0.0.1']],
  'loop6.public.test': [['::1']],
  'any.public.test': [['0.0.0.0']],
  'any6.public.test': [['::']],
  'private.public.test': [['10.0.0.1']],
  'link.public.test': [['169.254.10.10']],
  'zone.public.test': [['fe80::1%lo']],
  'mapped.public.test': [['::ffff:127.0.0.1']],
  'nat64.public.test': [['64:ff9b::7f00:1']],
  'sixtofour.public.test': [['2002:7f00:1::']],
  'mixed.public.test': [['8.8.8.8', '127.0.0.1']],
  'mixed-last.public.test': [['127.0.0.1', '8.8.8.8']],
  'mixed-many.public.test': [[...Array<string>(50).fill('8.8.8.8'), '::1']],
  'mixed-family.public.test': [['8.8.8.8', '::1']],
  'mixed-metadata.public.test': [['8.8.8.8', '169.254.169.254']],
  'metadata.public.test': [['169.254.169.254']],
  '127.0.0.1.public.test': [['127.0.0.1']],
  'metadata.hostile.test': [['169.254.169.254']],
  'mapped-metadata.hostile.test': [['::ffff:169.254.169.254']],
  'nat64-metadata.hostile.test': [['64:ff9b::a9fe:a9fe']],
  'ipv6-metadata.hostile.test': [['fd00:ec2::254']],
  'mixed-metadata.hostile.test': [['127.0.0.1', '169.254.169.254']],
  'rebind.hostile.test': [['127.0.0.1'], ['169.254.169.254']],
  'rebind-mixed.hostile.test': [['127.0.0.1'], ['127.0.0.1', '100.100.100.200']],
  'rebind-gone.hostile.test': [['127.0.0.1'], []],
  'empty.public.test': [[]],
  'garbage.public.test': [['not an address']],
  'absent.public.test': [ABSENT],
  'never.public.test': [NEVER],
  'sub.honest.test': [['127.0.0.1']],
  'evilhonest.test': [['127.0.0.1']],
  'honest.test.evil.test': [['127.0.0.1']],
};

/** How the resolver of the world answers. */
export async function answerFor(hostname: string, turn: number): Promise<readonly string[]> {
  const answers = NAMES[hostname] ?? [[]];
  const answer = answers[Math.min(turn, answers.length - 1)] ?? [];
  if (answer === NEVER) return new Promise(() => undefined);
  if (answer === ABSENT) {
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
  }
  return answer;
}

export const nameTargets: Targets = ({ sentinel, honest, hostile }) => {
  const denied = (host: string, port = sentinel) => ({
    name: `name ${host}`,
    request: { url: `http://${host}:${port}/` },
    expected: 'denied' as const,
  });
  const rebinding = (host: string, expected: 'denied' | 'network') => ({
    name: `name ${host} that changes`,
    after: `http://${host}:${hostile}/closing`,
    request: { url: `http://${host}:${hostile}/closing` },
    expected,
  });
  return [
    ...['localhost', 'LOCALHOST', 'localhost.', 'lo%63alhost', 'ｌocalhost', 'LocalHost%2E'].map((host) =>
      denied(host),
    ),
    ...Object.keys(NAMES)
      .filter((host) => host.endsWith('.public.test') && !/^(empty|garbage|absent|never)/.test(host))
      .map((host) => denied(host)),
    ...['metadata', 'mapped-metadata', 'nat64-metadata', 'ipv6-metadata', 'mixed-metadata'].map((host) =>
      denied(`${host}.hostile.test`, hostile),
    ),
    // Names that look like an allowed one.
    ...['sub.honest.test', 'evilhonest.test', 'honest.test.evil.test', 'hоnest.test', 'honest。test.evil.test'].map(
      (host) => denied(host, honest),
    ),
    rebinding('rebind.hostile.test', 'denied'),
    rebinding('rebind-mixed.hostile.test', 'denied'),
    rebinding('rebind-gone.hostile.test', 'network'),
    denied('garbage.public.test'),
    ...['empty.public.test', 'absent.public.test'].map((host) => ({ ...denied(host), expected: 'network' as const })),
    {
      name: 'a resolver that never answers',
      request: { url: `http://never.public.test:${sentinel}/`, timeoutMs: SHORT_MS },
      expected: 'timeout',
    },
  ];
};
