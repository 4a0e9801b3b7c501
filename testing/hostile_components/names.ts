import { parse } from '@bytecodealliance/jco';
import { component, section, text } from './binary.ts';
import type { HostileComponent } from './hostile_component.ts';

/** What would end a string, a template, a comment or an identifier of generated code, or command a terminal. */
const NAMES: readonly string[] = [
  "');globalThis.pwned=1;('",
  '"+globalThis.pwned+"',
  '`${globalThis.pwned}`',
  '*/globalThis.pwned=1/*',
  '\\u0027',
  'a\nglobalThis.pwned=1',
  '\u2028globalThis.pwned=1',
  '\u001b[2J',
  '\u202eevil',
  '__proto__',
  'constructor',
  'prototype',
  'x'.repeat(513),
];

/** A component with the name, given as WebAssembly text, in one position. */
const POSITIONS: Readonly<Record<string, (name: string) => string>> = {
  'a core import’s module': (name) => `(core module (import ${name} "f" (func)))`,
  'a core import’s field': (name) => `(core module (import "m" ${name} (global i32)))`,
  'a core export': (name) => `(core module (func (export ${name})))`,
  'a core module inside': (name) => `(component (core module (import "m" ${name} (memory 1))))`,
  'a core instance’s argument': (name) =>
    `(core module $m) (core instance $i) (core instance (instantiate $m (with ${name} (instance $i))))`,
  'a core instance’s export': (name) =>
    `(core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core instance (export ${name} (func $i "f")))`,
  'an alias of a core export': (name) =>
    `(core module $m) (core instance $i (instantiate $m)) (alias core export $i ${name} (core func $f))`,
  'a core type': (name) => `(core type (module (import "m" ${name} (func))))`,
  'an import': (name) => `(import ${name} (instance))`,
  'an export': (name) => `(instance $i) (export ${name} (instance $i))`,
  'an instance’s export': (name) => `(instance $i) (instance (export ${name} (instance $i)))`,
  'a record’s field': (name) => `(type (record (field ${name} u8)))`,
  'a variant’s case': (name) => `(type (variant (case ${name})))`,
  'an enumeration’s case': (name) => `(type (enum ${name}))`,
  'a flag': (name) => `(type (flags ${name}))`,
  'a function’s parameter': (name) => `(type (func (param ${name} u8)))`,
  'a function of an instance’s type': (name) => `(type (instance (export ${name} (func))))`,
  'a type inside a type': (name) => `(type (component (type (instance (type (record (field ${name} u8)))))))`,
};

/** Names in every position that a binding generator may copy into code. */
export const HOSTILE_NAMES: readonly HostileComponent[] = [
  ...Object.entries(POSITIONS).flatMap(([position, wat]) =>
    NAMES.map((name, i): HostileComponent => {
      return {
        name: `name: ${position}, ${i + 1}`,
        build: () => parse(`(component ${wat(quoted(name))})`),
        expected: { refused: 'name' },
      };
    }),
  ),
  ...NAMES.map((name, i): HostileComponent => {
    return {
      name: `name: a custom section, ${i + 1}`,
      build: () => component(section(0, text(name))),
      expected: { refused: 'name' },
    };
  }),
  {
    name: 'name: not UTF-8',
    build: () => component(section(0, [2, 0xc3, 0x28])),
    expected: { refused: 'name' },
  },
];

/** As WebAssembly text writes a string. */
function quoted(name: string): string {
  return `"${Array.from(Buffer.from(name), (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}"`;
}
