/**
 * Turns `component.wasm` of a directory, the only place this process may read or write beside jco itself, into the
 * JavaScript and core modules that a cell instantiates. On refusal, stderr says why and the exit code is 1.
 * Started with `--serve` in place of a directory it does so for each line of stdin, `{directory, versions}`, and answers
 * each by a line of stdout, `{problem?}`: jco is loaded once, and warm from the second on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generate } from '@bytecodealliance/jco/component';
import { HANDLER_INTERFACE, HOST_INTERFACES } from './interfaces.ts';
import { startLifeline } from './lifeline.ts';

/** Of a server, whose stdin brings its orders. */
const LIFELINE_FD = 3;

/** See `CheckedComponent`. */
type Versions = Readonly<Record<string, string>>;

/** All files together: types that contain each other twice over become any amount of JavaScript. */
const WRITTEN_BYTES_MAX = 96 * 1024 * 1024;

const [directory, versions] = process.argv.slice(2) as [string, string];

// After the imports: jco's file system shim starts a thread of its own when it is loaded.
startLifeline(directory === '--serve' ? LIFELINE_FD : undefined);

if (directory === '--serve') {
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as { readonly directory: string; readonly versions: Versions };
    const problem = await problemOf(order.directory, order.versions);
    process.stdout.write(`${JSON.stringify(problem === undefined ? {} : { problem })}\n`);
  }
} else {
  const problem = await problemOf(directory, JSON.parse(versions));
  if (problem !== undefined) process.stderr.write(problem);
  process.exit(problem === undefined ? 0 : 1);
}

async function problemOf(home: string, versionOf: Versions): Promise<string | undefined> {
  try {
    await transpileIn(home, versionOf);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : JSON.stringify(error);
  }
}

async function transpileIn(home: string, versionOf: Versions): Promise<void> {
  const { files } = await generate(readFileSync(join(home, 'component.wasm')), {
    name: 'component',
    map: [],
    instantiation: { tag: 'async' },
    asyncMode: { tag: 'jspi', val: suspendable(versionOf) },
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
  for (const [name, bytes] of files) writeFileSync(join(home, name.replace(/\.js$/, '.mjs')), bytes);
}

/** Every host function may take its time, so `run`, which calls them, may be suspended. */
function suspendable(versionOf: Versions) {
  const imports = Object.entries(HOST_INTERFACES).flatMap(([name, { functions }]) =>
    name in versionOf ? Object.keys(functions).map((fn) => `${name}@${versionOf[name]}#${fn}`) : [],
  );
  return { imports, exports: [`${HANDLER_INTERFACE.name}@${versionOf[HANDLER_INTERFACE.name]}#run`] };
}
