import { parse } from '@bytecodealliance/jco';
import { component, coreModule, functionOf, holding, section, text, VOID_TYPE } from './binary.ts';
import type { HostileComponent } from './hostile_component.ts';
import { watHandler } from './wat_handler.ts';

const HANDLER = '(instance $h) (export "weft:handler/handler@1.0.0" (instance $h))';

/** An honest handler, damaged. */
const damaged = (damage: (bytes: Buffer) => Uint8Array) => async () => damage(Buffer.from(await watHandler()));

/** What is not a component, or one of parts that do not fit. */
export const MALFORMED: readonly HostileComponent[] = [
  malformed('nothing', () => new Uint8Array()),
  malformed('a text', () => Buffer.from('#!/bin/sh\nrm -rf ~\n')),
  malformed('a core module', () => coreModule()),
  malformed('a later version', () => Buffer.from('0061736d0e000100', 'hex')),
  malformed(
    'half a handler',
    damaged((bytes) => bytes.subarray(0, bytes.length / 2)),
  ),
  malformed(
    'a handler with a byte more',
    damaged((bytes) => Buffer.concat([bytes, Uint8Array.of(0)])),
  ),
  malformed('a section longer than the file', () => Buffer.concat([component(), Uint8Array.of(1, 0xff, 0xff, 3)])),
  malformed('an integer of eleven bytes', () => holding(section(1, new Array<number>(11).fill(0xff)))),
  malformed('a vector of four billion', () => holding(section(3, [0xff, 0xff, 0xff, 0xff, 0x0f]))),
  malformed('sections out of order', () => holding(section(3, [0]), VOID_TYPE)),
  malformed('a section twice', () => holding(VOID_TYPE, VOID_TYPE)),
  malformed('a section that is not used up', () => holding(section(1, [0, 0]))),
  malformed('an unknown instruction', () => holding(VOID_TYPE, functionOf([0], [0xff]))),
  malformed('a function without an end', () => holding(VOID_TYPE, section(3, [1, 0]), section(10, [1, 2, 0, 1]))),
  malformed('code after the end', () => holding(VOID_TYPE, functionOf([0], [0x0b, 0x01]))),
  malformed('an instance of no module', () => component(section(2, [1, 0, 7, 0]))),
];

/** What is a component and is not a handler of this host. */
export const WORLDS: readonly HostileComponent[] = [
  world('no handler', () => parse('(component)')),
  world('nothing but a section without a name', () => component(section(0, text('')))),
  world('a handler of another version', () =>
    parse('(component (instance $h) (export "weft:handler/handler@2.0.0" (instance $h)))'),
  ),
  world('sockets', () => parse(`(component (import "wasi:sockets/tcp@0.2.0" (instance)) ${HANDLER})`)),
  world('files', () => parse(`(component (import "wasi:filesystem/types@0.2.0" (instance)) ${HANDLER})`)),
  world('a function of the host', () => parse(`(component (import "eval" (func)) ${HANDLER})`)),
  world('secrets', () => parse(`(component (import "weft:secrets/store@1.0.0" (instance)) ${HANDLER})`)),
  world('a property of every object', () => parse(`(component (import "to-string" (instance)) ${HANDLER})`)),
  world('a thousand imports', () => {
    const imports = Array.from({ length: 1_000 }, (_, i) => `(import "evil:i${i}/i@1.0.0" (instance))`);
    return parse(`(component ${imports.join(' ')} ${HANDLER})`);
  }),
];

/** What shows once it has said what it is. */
export const UNDECLARED: readonly HostileComponent[] = [
  world('an import that its capability does not declare', () =>
    watHandler({
      world: ['weft:clock/wall-clock@1.0.0'],
      declared: [],
      imports: '(import "weft:clock/wall-clock@1.0.0" "now-ms" (func $now (result i64)))',
    }),
  ),
];

/** What only the translator, or the engine that it is given to, can tell. */
export const UNTRANSLATABLE: readonly HostileComponent[] = [
  {
    name: 'translation: a core module that is not valid',
    build: damaged((bytes) => {
      // The first `i32.and` of the allocator becomes an addition of floats.
      bytes[bytes.indexOf(0x71, bytes.indexOf('cabi_realloc') + 12)] = 0x92;
      return bytes;
    }),
    expected: { refused: 'translation' },
  },
  {
    name: 'describe: a handler without functions',
    build: () => parse(`(component ${HANDLER})`),
    expected: { refused: 'describe' },
  },
];

function malformed(name: string, build: HostileComponent['build']): HostileComponent {
  return { name: `malformed: ${name}`, build, expected: { refused: 'malformed' } };
}

function world(name: string, build: HostileComponent['build']): HostileComponent {
  return { name: `world: ${name}`, build, expected: { refused: 'world' } };
}
