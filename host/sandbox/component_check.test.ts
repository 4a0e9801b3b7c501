import { parse } from '@bytecodealliance/jco';
import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { checkComponent } from './component_check.ts';
import { fixtureComponent } from './fixtures/components.ts';
import { ComponentRefusal } from './structure/refusal.ts';

const test = suite('component check');

const HANDLER = '(instance $h) (export "weft:handler/handler@1.0.0" (instance $h))';
const MB = 1024 * 1024;

const BOUNDS = { component_bytes_max: 16 * MB, memory_bytes_max: 64 * MB };

const check = async (wat: string) => checkComponent(await parse(`(component ${wat})`), BOUNDS);

/** That a component is refused for this reason. */
async function refuses(wat: string, reason: RegExp): Promise<void> {
  try {
    await check(wat);
  } catch (error) {
    return assert.match((error as Error).message, reason);
  }
  assert.unreachable(`accepted: ${wat}`);
}

test('tells what a real component imports and exports', async () => {
  const imports = ['weft:clock/wall-clock@1.0.0', 'weft:http/client@1.0.0', 'weft:log/logger@1.0.0'];
  assert.equal(checkComponent(await fixtureComponent('probe'), BOUNDS), {
    imports,
    versions: {
      'weft:clock/wall-clock': '1.0.0',
      'weft:http/client': '1.0.0',
      'weft:log/logger': '1.0.0',
      'weft:handler/handler': '1.0.0',
    },
  });
});

test('a component needs no imports, and may export more than a handler', async () => {
  const more =
    '(core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f")))';
  assert.equal((await check(`${HANDLER} ${more} (export "init" (func $f))`)).imports, []);
});

test('refuses what is no component', async () => {
  assert.throws(() => checkComponent(Buffer.from('plain text, not a binary'), BOUNDS), /not a WebAssembly binary/);
  assert.throws(() => checkComponent(new Uint8Array(), BOUNDS), /ends too early/);
  assert.throws(() => checkComponent(Buffer.from('0061736d01000000', 'hex'), BOUNDS), /a core module/);
  assert.throws(() => checkComponent(Buffer.from('0061736d0e000100', 'hex'), BOUNDS), /unknown WebAssembly version/);
  const component = await fixtureComponent('probe');
  assert.throws(() => checkComponent(component, { ...BOUNDS, component_bytes_max: 1000 }), /at most 1000 are allowed/);
  assert.throws(() => checkComponent(component.subarray(0, component.length - 1), BOUNDS), /at byte \d+/);
});

test('refuses a component that exports no handler it understands', async () => {
  await refuses('', /does not export weft:handler\/handler/);
  await refuses('(instance $h) (export "weft:handler/handler@2.0.0" (instance $h))', /does not export/);
  await refuses('(instance $h) (export "weft:handler/handler@1.1.0" (instance $h))', /does not export/);
  await refuses('(component $h) (export "weft:handler/handler@1.0.0" (component $h))', /does not export/);
});

test('refuses imports that are not offered', async () => {
  const imports = (name: string) => `(import "${name}" (instance)) ${HANDLER}`;
  await refuses(imports('evil:net/socket@1.0.0'), /imports "evil:net\/socket@1.0.0", which is not offered/);
  await refuses(imports('wasi:filesystem/types@0.2.0'), /not offered/);
  await refuses(imports('weft:http/client@2.0.0'), /not offered/);
  await refuses(imports('weft:http/client@1.1.0'), /not offered/);
  await refuses(imports('weft:handler/handler@1.0.0'), /not offered/);
  await refuses(`(import "run" (func)) ${HANDLER}`, /imports "run"/);
  await refuses(`(import "weft:http/client@1.0.0" (component)) ${HANDLER}`, /not offered/);
  assert.equal((await check(imports('weft:http/client@1.0.9'))).imports, ['weft:http/client@1.0.9']);
  await refuses(`(import "weft:http/client@1.0.1" (instance)) ${imports('weft:http/client@1.0.0')}`, /two versions/);
});

test('refuses names that could become code, wherever they stand', async () => {
  const nested = (part: string) => `${HANDLER} (component ${part})`;
  for (const name of ["x');evil('", 'a\\\\b', 'a`b', 'a*/b', 'a\\nb', 'é', '__proto__', 'x'.repeat(513)]) {
    await refuses(`${HANDLER} (core module (import "${name}" "f" (func)))`, /forbidden characters/);
    await refuses(`${HANDLER} (core module (import "m" "${name}" (global i32)))`, /forbidden characters/);
    await refuses(`${HANDLER} (core module (func (export "${name}")))`, /forbidden characters/);
    await refuses(nested(`(core module (import "m" "${name}" (memory 1 2)))`), /forbidden characters/);
    const wired = `(core module $a (func (export "f"))) (core instance $i (instantiate $a))`;
    const instance = `(core instance (export "${name}" (func $i "f")))`;
    await refuses(`${HANDLER} ${wired} ${instance}`, /forbidden characters/);
  }
});

test('reads every kind of import without losing its place', async () => {
  const kinds = `(core module
    (import "m" "func" (func)) (import "m" "table" (table 1 2 funcref)) (import "m" "memory" (memory 1 2))
    (import "m" "global" (global (mut i64))) (import "m" "ref" (global externref)) (import "m" "vector" (global v128))
    (import "last" "'" (func)))`;
  await refuses(`${HANDLER} ${kinds}`, /the name "'"/);
});

test('no bytes make it fail in another way', async () => {
  const component = Buffer.from(await parse(`(component ${HANDLER} (core module (import "a" "b" (func))))`));
  fc.assert(
    fc.property(fc.nat(component.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = Buffer.from(component);
      damaged[at] = byte;
      try {
        checkComponent(damaged, BOUNDS);
      } catch (error) {
        assert.instance(error, ComponentRefusal, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
