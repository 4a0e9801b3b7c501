import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { startHostileWorld } from '../../testing/hostile_targets/world.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('hostile HTTP targets');

/** Of a process that runs this file again where these addresses are the machine's own. */
const INSIDE = 'WEFT_TEST_FORBIDDEN_ADDRESSES';
const FORBIDDEN = [
  ...['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '10.0.0.1', '172.16.0.1', '192.168.0.1'],
  ...['100.64.0.1', '198.18.0.1', 'fd00:ec2::254', 'fd20:ce::254', 'fc00::1', 'fd00::1'],
];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];

const world = await startHostileWorld();
for (const name of PROXIES) process.env[name] = `http://127.0.0.1:${world.ports.sentinel}`;
process.env['NODE_USE_ENV_PROXY'] = '1';
process.env['NO_PROXY'] = process.env['no_proxy'] = '';
test.after(() => world.close());

const honest = async (): Promise<string> => {
  const answer = await world.calls.send({ url: `http://honest.test:${world.ports.honest}/open/step` });
  return 'error' in answer ? `${answer.error.tag}: ${answer.error.val}` : (answer.ok.body as { val: string }).val;
};

/** Whether a connection to an address of this machine is seen by a sentinel. */
async function isWatched(address: string): Promise<boolean> {
  const before = world.trespasses();
  await new Promise<void>((done) => {
    const socket = connect(world.ports.sentinel, address);
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => done());
  });
  return world.trespasses() > before;
}

test('the sentinels see whoever comes to an address of this machine', async () => {
  const own = Object.values(networkInterfaces())
    .flat()
    .map((each) => each!)
    .filter(({ address, family }) => family === 'IPv4' || !address.startsWith('fe80'))
    .map(({ address }) => address);
  const inside = process.env[INSIDE] === undefined ? [] : FORBIDDEN;
  for (const address of new Set(['127.0.0.1', '127.0.0.2', '127.1.2.3', '0.0.0.0', '::1', ...own, ...inside])) {
    assert.ok(await isWatched(address), `nobody watches ${address}`);
  }
  world.forgive();
});

test('there are at least 120 of them, each of its own', () => {
  assert.ok(world.targets.length >= 120, String(world.targets.length));
  assert.is(new Set(world.targets.map(({ name }) => name)).size, world.targets.length);
});

for (const { name, request, expected, after } of world.targets) {
  test(name, async () => {
    if (after !== undefined) assert.ok('ok' in (await world.calls.send({ url: after })), 'it was honest first');
    const answer = await world.calls.send(request);
    assert.is('error' in answer ? answer.error.tag : `status ${answer.ok.status}`, expected, JSON.stringify(answer));
    assert.is(await honest(), 'honest');
    assert.is(world.trespasses(), 0);
  });
}

test('every refusal was told to the auditor, and no connection is left over', async () => {
  const denied = world.targets.filter(({ expected }) => expected === 'denied').length;
  const told = world.calls.audit.filter(({ kind }) => kind === 'egress_denied' || kind === 'secret_denied').length;
  assert.is(told, denied);
  const { denials, denied: listed } = world.calls.host.usage();
  assert.equal([denials, listed.length], [denied, 20]);
  await world.calls.close();
  while (world.held() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(world.trespasses(), 0);
});

if (process.env[INSIDE] === undefined) {
  const add = FORBIDDEN.map((address) => `ip addr add ${address}/${address.includes(':') ? 128 : 32} dev lo`);
  const enter = [
    ['unshare', '-rn'],
    ['unshare', '-n'],
    ['sudo', '-n', '--preserve-env', 'unshare', '-n'],
  ];
  const namespace = enter.find(
    ([command, ...args]) => spawnSync(command!, [...args, 'sh', '-c', 'ip link set lo up']).status === 0,
  );
  const named = 'the same where metadata and private addresses are those of this machine';
  if (namespace === undefined) test.skip(named, 'needs network namespaces (unshare) and ip');
  else
    test(named, () => {
      const [command, ...args] = namespace;
      const script = ['set -e', 'ip link set lo up', ...add, 'exec "$0" "$1"'].join('\n');
      const { status, stdout, stderr } = spawnSync(
        command!,
        [...args, 'sh', '-c', script, process.execPath, import.meta.filename],
        { env: { ...process.env, [INSIDE]: '1' }, encoding: 'utf8' },
      );
      assert.is(status, 0, `${stdout}\n${stderr}`);
    });
}
