import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco';
import { assembleWorld, WORLD, witPackages } from '../../host/toolchain/wit.ts';

/** The parts of a handler in WebAssembly text that differ from an honest one. */
export interface WatHandler {
  /** Interfaces of its world, as `weft:log/logger@1.0.0`. */
  readonly world?: readonly string[];
  /** What its capability declares; its world when absent. */
  readonly declared?: readonly string[];
  /** Core imports. */
  readonly imports?: string;
  /** Pages at the start, and at the most. */
  readonly memory?: string;
  /** Further definitions. */
  readonly definitions?: string;
  /** Instructions that leave the address of a string's address and length. */
  readonly describe?: string;
  /** Instructions that leave the address of an outcome or failure; `$step` is the step's. */
  readonly run?: string;
}

const CAPABILITY_AT = 1_024;
const TEXT_AT = 4_096;

/** Where data of a handler's own may begin; the allocator's begins after 64 KiB. */
export const DATA_AT = 8_192;

/** A handler that does nothing but what its parts say: its result is `{"ok":true}` unless `run` is another. */
export async function watHandler(parts: WatHandler = {}): Promise<Uint8Array> {
  const { world = [], declared = world, imports = '', memory = '2', definitions = '' } = parts;
  const capability = JSON.stringify({ name: 'wat', version: '1.0.0', imports: declared });
  const core = `(module
    ${imports}
    (memory (export "memory") ${memory})
    (global $heap (mut i32) (i32.const 66000))
    (data (i32.const ${CAPABILITY_AT}) "${escaped(capability)}")
    (data (i32.const ${TEXT_AT}) "{\\22ok\\22:true}")
    ${definitions}
    (func (export "cabi_realloc") (param $old i32) (param i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $heap (i32.add (local.get $at) (local.get $size)))
      (local.get $at))
    ;; The address of an outcome \`complete\` with a text.
    (func $complete (param $at i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store8 (i32.const 4) (i32.const 0))
      (i32.store (i32.const 8) (local.get $at))
      (i32.store (i32.const 12) (local.get $length))
      (i32.const 0))
    (func $string (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 64) (local.get $at))
      (i32.store (i32.const 68) (local.get $length))
      (i32.const 64))
    (func (export "weft:handler/handler@1.0.0#describe") (result i32)
      ${parts.describe ?? `(call $string (i32.const ${CAPABILITY_AT}) (i32.const ${capability.length}))`})
    (func (export "weft:handler/handler@1.0.0#run") (param $step i32) (result i32)
      ${parts.run ?? `(call $complete (i32.const ${TEXT_AT}) (i32.const 11))`}))`;
  const witPath = mkdtempSync(join(tmpdir(), 'weft-wat-'));
  try {
    assembleWorld(witPath, witPackages(), world);
    return await componentNew(await componentEmbed({ witPath, world: WORLD, binary: await parse(core) }));
  } finally {
    rmSync(witPath, { recursive: true });
  }
}

/** Completes with this text, whatever it is. */
export function completing(result: string | Uint8Array): WatHandler {
  const bytes = Buffer.from(result as string);
  return {
    definitions: `(data (i32.const ${DATA_AT}) "${escaped(bytes)}")`,
    run: `(call $complete (i32.const ${DATA_AT}) (i32.const ${bytes.length}))`,
    memory: `${2 + Math.ceil(bytes.length / 65_536)}`,
  };
}

/** As WebAssembly text writes bytes. */
function escaped(value: string | Uint8Array): string {
  return Array.from(Buffer.from(value as string), (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
