import fc from 'fast-check';
import { assert, suite } from '../../../testing/suite.ts';
import { MemoryTooSmall, withMemoryMaximum } from './memory_maximum.ts';

const test = suite('memory maximum');

const PAGE = 65_536;

/** A module with this memory between a type and an export section. */
function moduleOf(memory: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
    ...[5, memory.length + 1, 1, ...memory],
    ...[7, 5, 1, 1, 0x6d, 2, 0],
  ]);
}

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];

function memoryOf(module: Uint8Array): WebAssembly.Memory {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module));
  return instance.exports['m'] as WebAssembly.Memory;
}

test('a memory grows to its maximum and not a page further', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.option(fc.nat(400)), fc.nat(40 * PAGE), (minimum, more, room) => {
      const declared = more === null ? undefined : minimum + more;
      const limit = minimum * PAGE + room;
      const memory = memoryOf(
        withMemoryMaximum(
          moduleOf(declared === undefined ? [0, ...leb(minimum)] : [1, ...leb(minimum), ...leb(declared)]),
          limit,
        ),
      );
      const pages = Math.min(Math.floor(limit / PAGE), declared ?? Infinity);
      memory.grow(pages - minimum);
      assert.is(memory.buffer.byteLength, pages * PAGE);
      assert.throws(() => memory.grow(1));
    }),
    { numRuns: 100 },
  );
});

test('a memory that starts empty stays empty', () => {
  assert.throws(() => memoryOf(withMemoryMaximum(moduleOf([0, 0]), 100 * PAGE)).grow(1));
});

test('a memory that starts beyond the maximum is refused, at the maximum it is not', () => {
  assert.throws(
    () => withMemoryMaximum(moduleOf([0, 3]), 3 * PAGE - 1),
    (error: unknown) => error instanceof MemoryTooSmall && error.bytes === 3 * PAGE,
  );
  assert.is(memoryOf(withMemoryMaximum(moduleOf([0, 3]), 3 * PAGE)).buffer.byteLength, 3 * PAGE);
});

test('a module without a memory is left as it is', () => {
  const module = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  assert.is(withMemoryMaximum(module, PAGE), module);
});
