import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '../../testing/suite.ts';
import { assembleWorld, HANDLER_INTERFACE, hostInterfaces, witPackages, worldDigest } from './wit.ts';

const test = suite('wit');

const packages = witPackages();

test('offers every interface but the one that handlers export', () => {
  const interfaces = hostInterfaces(packages);
  assert.ok(interfaces.includes('weft:http/client@1.0.0'));
  assert.not.ok(interfaces.includes(HANDLER_INTERFACE));
  for (const name of interfaces) assert.match(name, /^weft:[a-z-]+\/[a-z-]+@\d+\.\d+\.\d+$/);
});

test('a world imports what was asked for and carries no other package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-wit-test-'));
  try {
    assembleWorld(directory, packages, ['weft:log/logger@1.0.0']);
    const world = readFileSync(join(directory, 'world.wit'), 'utf8');
    assert.equal(
      [...world.matchAll(/^ {2}(import|export) (.*);$/gm)].map(([, verb, name]) => `${verb} ${name}`),
      ['import weft:log/logger@1.0.0', `export ${HANDLER_INTERFACE}`],
    );
    assert.equal(readdirSync(join(directory, 'deps')).sort(), ['weft-handler-1.0.0', 'weft-log-1.0.0']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the digest follows the imports and the text of their packages alone', () => {
  const imports = ['weft:log/logger@1.0.0', 'weft:clock/wall-clock@1.0.0'];
  const digest = worldDigest(packages, imports);
  assert.is(worldDigest(packages, imports.toReversed()), digest);
  assert.is.not(worldDigest(packages, imports.slice(1)), digest);
  const changed = (name: string) =>
    packages.map((each) => (each.name === name ? { ...each, text: `${each.text}// changed` } : each));
  assert.is.not(worldDigest(changed('weft:log@1.0.0'), imports), digest);
  assert.is(worldDigest(changed('weft:http@1.0.0'), imports), digest);
});
