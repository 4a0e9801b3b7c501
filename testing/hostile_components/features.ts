import { parse } from '@bytecodealliance/jco';
import { component, holding, section } from './binary.ts';
import type { HostileComponent } from './hostile_component.ts';

/** Core modules by the part of WebAssembly they use. */
const MODULES: Readonly<Record<string, string>> = {
  'a struct': '(type (struct (field i32)))',
  'an array type': '(type (array i8))',
  'a recursive group': '(rec (type (func)) (type (func)))',
  'an i31 reference': '(func (result i32) (i31.get_s (ref.i31 (i32.const 1))))',
  'a tag': '(tag (param i32))',
  'an imported tag': '(import "m" "t" (tag))',
  'a throw': '(func (param exnref) (throw_ref (local.get 0)))',
  'a catch of everything': '(func (block (try_table (catch_all 0))))',
  'a tail call': '(func $f (return_call $f))',
  'an indirect tail call': '(type $t (func)) (table 1 funcref) (func (return_call_indirect (type $t) (i32.const 0)))',
  'a typed reference': '(type $t (func)) (func (param (ref null $t)))',
  'a call by reference': '(type $t (func)) (func (call_ref $t (ref.null $t)))',
  'a shared memory': '(memory 1 2 shared)',
  'an imported shared memory': '(import "m" "s" (memory 1 2 shared))',
  'an atomic': '(memory 1) (func (drop (i32.atomic.load (i32.const 0))))',
  'a memory of 64-bit addresses': '(memory i64 1)',
  'two memories': '(memory 1) (memory 1)',
  'a memory beside an imported one': '(import "m" "s" (memory 1)) (memory 1)',
  'another memory in an access': '(func (drop (i32.load 1 (i32.const 0))))',
  'relaxed vectors': '(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))))',
};

/** Components by what of the component model they use. */
const COMPONENTS: Readonly<Record<string, string>> = {
  'an alias of a core module': `(component $a (core module $m) (export "m" (core module $m)))
    (instance $i (instantiate $a)) (alias export $i "m" (core module $n))`,
  'an outer core module': '(core module $m) (component (alias outer 1 0 (core module $n)))',
  'an imported core module': '(component (import "m" (core module)))',
  'an imported component': '(component (import "c" (component)))',
  'a stream': '(type (stream u8))',
  'a future': '(type (future u8))',
  'an asynchronous function': '(type (func async))',
  'an error context': '(type error-context)',
};

/** Parts of WebAssembly that no supported toolchain emits, each a way around a limit or a surprise to a binding. */
export const FEATURES: readonly HostileComponent[] = [
  ...Object.entries(MODULES).map(([name, wat]) => refused(name, () => parse(`(component (core module ${wat}))`))),
  ...Object.entries(COMPONENTS).map(([name, wat]) => refused(name, () => parse(`(component ${wat})`))),
  refused('a start function of a component', () => component(section(9, [0, 0, 0]))),
  refused('a value of a component', () => component(section(12, [0]))),
  refused('a memory of small pages', () => holding(section(5, [1, 8, 0, 0]))),
  refused('a table with an initial value', () => holding(section(4, [1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b]))),
];

function refused(name: string, build: HostileComponent['build']): HostileComponent {
  return { name: `feature: ${name}`, build, expected: { refused: 'feature' } };
}
