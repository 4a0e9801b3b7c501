import { parse, print } from '@bytecodealliance/jco';
import { checkComponent } from '../../host/sandbox/component_check.ts';
import type { ComponentStore } from '../../host/sandbox/component_store.ts';
import { ComponentRefusal } from '../../host/sandbox/structure/refusal.ts';
import { WeftError } from '../../kernel/errors.ts';
import { watHandler } from '../hostile_components/wat_handler.ts';
import type { Target } from './fuzzer.ts';

const MB = 1024 * 1024;
const BOUNDS = { component_bytes_max: MB, memory_bytes_max: 64 * MB };

/** What another reader of components must not find in one that was accepted; strings and comments are taken out first. */
const FORBIDDEN =
  /\((?:tag|rec|struct|array)\b|\(memory[^)]* shared|\(memory i64|\(canon (?:stream|future|task|thread)|(?:^|\s)(?:throw|throw_ref|try_table|return_call|call_ref|[if]\d\d\.atomic|memory\.atomic|struct\.|array\.|ref\.i31|relaxed)/m;
const STRING = /"(?:[^"\\]|\\.)*"/g;
const PAGES = /\(memory [^)]*?(\d+)/g;
/** Where names stand; data may hold anything. */
const NAMED =
  /\((?:import|export|field|case|enum|flags|param|with|alias export \S+|core alias export \S+) "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?/g;
const HARMLESS = /^[A-Za-z0-9_$.:/@#|[\]-]*$/;

/**
 * Handlers, damaged, for the structural check; every `everyNth` that it accepts is loaded besides, which ends in a
 * component or a typed refusal.
 */
export async function componentTarget(store: ComponentStore, everyNth: number): Promise<Target> {
  const clock = '(import "weft:clock/wall-clock@1.0.0" "now-ms" (func $now (result i64)))';
  const inputs = await Promise.all([
    watHandler(),
    watHandler({ world: ['weft:clock/wall-clock@1.0.0'], imports: clock, run: '(drop (call $now)) (unreachable)' }),
    watHandler({ definitions: '(table 4 8 funcref) (elem (i32.const 0) func $complete) (func $start) (start $start)' }),
    parse(`(component (type (record (field "a" u8) (field "b" string))) (type (variant (case "x") (case "y" u32)))
      (core module $m (import "a" "b" (func)) (memory 1 2) (func (export "f")) (data (i32.const 0) "text"))
      (component (core module) (instance)) (instance $h) (export "weft:handler/handler@1.0.0" (instance $h)))`),
  ]);
  let accepted = 0;
  return {
    name: 'component',
    inputs: inputs.map((bytes) => Buffer.from(bytes)),
    async check(input) {
      try {
        checkComponent(input, BOUNDS);
      } catch (error) {
        if (error instanceof ComponentRefusal) return `refused: ${error.rule}`;
        throw error;
      }
      await contradict(input);
      if (++accepted % everyNth !== 0) return 'accepted';
      try {
        await store.load(input);
        return 'loaded';
      } catch (error) {
        if (error instanceof WeftError && error.code === 'component_refused')
          return `not loaded: ${error.params['rule']}`;
        throw error;
      }
    },
  };
}

/** @throws Error when wasm-tools, which reads components on its own, finds in one what must not be accepted */
async function contradict(input: Buffer): Promise<void> {
  const wat = await print(input).catch(() => undefined);
  // What it cannot read, no translator will.
  if (wat === undefined) return;
  const bare = wat.replace(/\(;.*?;\)/g, '').replace(/;;.*/g, '');
  const names = [...bare.matchAll(NAMED)].flatMap(([, name, field]) =>
    [name, field].filter((each) => each !== undefined),
  );
  const harmful = names.find((name) => !HARMLESS.test(name));
  if (harmful !== undefined) throw new Error(`accepted with the name "${harmful}"`);
  const code = bare.replace(STRING, '""');
  const forbidden = FORBIDDEN.exec(code);
  if (forbidden !== null) throw new Error(`accepted with ${forbidden[0].trim()}`);
  const pages = [...code.matchAll(PAGES)].map(([, each]) => Number(each));
  if (pages.some((each) => each * 65_536 > BOUNDS.memory_bytes_max)) throw new Error(`accepted with ${pages} pages`);
}
