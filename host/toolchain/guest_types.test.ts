import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../../testing/suite.ts';
import { guestTypes } from './guest_types.ts';
import { packagePath } from './package_path.ts';

const test = suite('guest types');

test('wit/generated/ is what jco makes of wit/', async () => {
  const directory = join(packagePath('wit'), 'generated');
  const files = readdirSync(directory).sort();
  const kept = new Map(files.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
  const made = await guestTypes();
  assert.equal(files, [...made.keys()].sort(), 'run node host/toolchain/generate_guest_types.ts');
  for (const [name, text] of made) assert.is(kept.get(name), text, `run node host/toolchain/generate_guest_types.ts`);
});
