/**
 * Turns `component.wasm` of a directory, the only place this process may read or write beside jco itself, into the
 * JavaScript and core modules that a cell instantiates. On refusal, stderr says why and the exit code is 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '@bytecodealliance/jco/component';
import { HANDLER_INTERFACE, HOST_INTERFACES } from './interfaces.ts';
import { renounceThreads } from './lifeline.ts';

// After the imports: jco's file system shim starts a thread of its own when it is loaded.
renounceThreads();

/** All files together: types that contain each other twice over become any amount of JavaScript. */
const WRITTEN_BYTES_MAX = 96 * 1024 * 1024;

const [directory, versions] = process.argv.slice(2) as [string, string];

try {
  const { files } = await generate(readFileSync(join(directory, 'component.wasm')), {
    name: 'component',
    map: [],
    instantiation: { tag: 'async' },
    asyncMode: { tag: 'jspi', val: suspendable(JSON.parse(versions)) },
    noComponentErrorWrapping: true,
    noNodejsCompat: true,
    noTypescript: true,
    tlaCompat: false,
    validLiftingOptimization: false,
    base64Cutoff: 0,
    noNamespacedExports: false,
    multiMemory: false,
    tracing: false,
  });
  // `.mjs`, so that no package.json above decides what it is.
  const written = files.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  if (written > WRITTEN_BYTES_MAX) throw new Error(`it becomes ${written} bytes of code`);
  for (const [name, bytes] of files) writeFileSync(join(directory, name.replace(/\.js$/, '.mjs')), bytes);
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : JSON.stringify(error));
  process.exit(1);
}

/** Every host function may take its time, so `run`, which calls them, may be suspended. */
function suspendable(versionOf: Readonly<Record<string, string>>) {
  const imports = Object.entries(HOST_INTERFACES).flatMap(([name, { functions }]) =>
    name in versionOf ? Object.keys(functions).map((fn) => `${name}@${versionOf[name]}#${fn}`) : [],
  );
  return { imports, exports: [`${HANDLER_INTERFACE.name}@${versionOf[HANDLER_INTERFACE.name]}#run`] };
}
