import { type Test, suite as uvuSuite } from 'uvu';

/**
 * A uvu suite that runs itself. Plain uvu exits 0 when `.run()` is forgotten; here declaring a test is enough.
 *
 * @example
 * const test = suite('reference parser');
 * test('keeps the type of a whole-string reference', () => { assert.equal(…) });
 */
export function suite(name: string): Test {
  const declared = uvuSuite(name);
  // After the module has been evaluated, so that every `test(…)` of the file is in.
  setImmediate(() => declared.run());
  return declared;
}

export * as assert from 'uvu/assert';
