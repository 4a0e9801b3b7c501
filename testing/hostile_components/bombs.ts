import { parse } from '@bytecodealliance/jco';
import { component, coreModule, functionOf, holding, leb, repeated, section, text, VOID_TYPE } from './binary.ts';
import type { HostileComponent } from './hostile_component.ts';

const PAGE_BYTES = 65_536;
const NOTHING = 0x40;

/** What is small to send and large to read, translate, compile or hold. */
export const BOMBS: readonly HostileComponent[] = [
  refused('100,001 functions', () => holding(VOID_TYPE, repeated(3, 100_001, [0]))),
  refused('20,001 types', () => holding(repeated(1, 20_001, [0x60, 0, 0]))),
  refused('2,001 imports', () => holding(VOID_TYPE, repeated(2, 2_001, [...text('m'), ...text('f'), 0, 0]))),
  refused('20,001 exports', () => holding(VOID_TYPE, repeated(7, 20_001, [...text('f'), 0, 0]))),
  refused('20,001 globals', () => holding(repeated(6, 20_001, [0x7f, 0, 0x41, 0, 0x0b]))),
  refused('9 tables', () => holding(repeated(4, 9, [0x70, 0, 0]))),
  refused('a table of a million entries', () => holding(section(4, [1, 0x70, 0, ...leb(1_000_000)]))),
  refused('10,001 element segments', () => holding(repeated(9, 10_001, [1, 0, 0]))),
  refused('200,001 data segments', () => holding(repeated(11, 200_001, [1, 0]))),
  refused('a function type of 1,001 parameters', () =>
    holding(section(1, [1, 0x60, ...leb(1_001), ...new Array<number>(1_001).fill(0x7f), 0])),
  ),
  refused('four billion locals in six bytes', () =>
    holding(VOID_TYPE, functionOf([1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e], [])),
  ),
  refused('locals that add up', () =>
    holding(VOID_TYPE, functionOf([3, ...leb(10_000), 0x7e, ...leb(10_000), 0x7f, ...leb(10_000), 0x7e], [])),
  ),
  refused('blocks 6,000 deep', () =>
    holding(
      VOID_TYPE,
      functionOf(
        [0],
        [...Array.from({ length: 6_000 }, () => [0x02, NOTHING]).flat(), ...new Array<number>(6_000).fill(0x0b)],
      ),
    ),
  ),
  refused('a function of 3 MB', () => {
    const body = Buffer.concat([Uint8Array.of(0), Buffer.alloc(3 * 1024 * 1024, 0x01), Uint8Array.of(0x0b)]);
    const code = Buffer.concat([Uint8Array.from([1, ...leb(body.length)]), body]);
    return holding(VOID_TYPE, section(3, [1, 0]), section(10, code));
  }),
  refused('33 core modules', () => component(...Array.from({ length: 33 }, () => section(1, coreModule())))),
  refused('components 9 deep', () => nested(9)),
  refused('types 17 deep', () => {
    const types = (depth: number): string => (depth === 0 ? '' : `(type (instance ${types(depth - 1)}))`);
    return parse(`(component ${types(18)})`);
  }),
  refused('20,001 definitions of a component', () => component(repeated(7, 20_001, [0x7f]))),
  refused('components that instantiate each other twice over', () => {
    const level = (depth: number): string =>
      depth === 0
        ? '(core module $m) (core instance (instantiate $m)) (core instance (instantiate $m))'
        : `(component $c ${level(depth - 1)}) ${'(instance (instantiate $c)) '.repeat(8)}`;
    return parse(`(component ${level(4)})`);
  }),
  memory('two instances of one memory', () =>
    parse('(component (core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m)))'),
  ),
  memory('a memory for each component inside', () =>
    parse(`(component (component $c (core module $m (memory 1)) (core instance (instantiate $m)))
      (instance (instantiate $c)) (instance (instantiate $c)))`),
  ),
];

/** Memories beyond what the operator allows from the first instruction on. */
export const MEMORIES: readonly HostileComponent[] = [64 * 1024 * 1024 + PAGE_BYTES, 2 ** 32].map((bytes) =>
  memory(`${bytes} bytes at the start`, () =>
    parse(`(component (core module (memory ${bytes / PAGE_BYTES}))
      (instance $h) (export "weft:handler/handler@1.0.0" (instance $h)))`),
  ),
);

function nested(depth: number): Buffer {
  return depth === 0 ? component() : component(section(4, nested(depth - 1)));
}

function refused(name: string, build: HostileComponent['build']): HostileComponent {
  return { name: `bomb: ${name}`, build, expected: { refused: 'size' } };
}

function memory(name: string, build: HostileComponent['build']): HostileComponent {
  return { name: `memory: ${name}`, build, expected: { refused: 'memory' } };
}
