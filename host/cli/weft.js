#!/usr/bin/env node
// Starts Weft on the Node it is made for. Plain JavaScript that Node 18 understands: an older Node runs this file on
// the Node of the `node` package, passes signals on, and ends as that ends.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 26;

if (majorOf(process.versions.node) >= NODE_MAJOR_MIN) {
  // In a clone the sources run as they are; a package has the JavaScript made of them, and this file where it was.
  const source = new URL('./start.ts', import.meta.url);
  const start = existsSync(source) ? source : new URL('../../dist/host/cli/start.js', import.meta.url);
  await import(start.href);
} else {
  runOn(packagedNode());
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function packagedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const node = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (majorOf(JSON.parse(readFileSync(manifest, 'utf8')).version) >= NODE_MAJOR_MIN && existsSync(node)) return node;
  } catch {
    // Said below.
  }
  process.stderr.write(
    `weft: this is Node ${process.versions.node} and Weft needs ${NODE_MAJOR_MIN}; its package "node" should have it, ` +
      'but its install script did not run: `npm rebuild node` (npm 12 wants `npm install-scripts approve node` before ' +
      'it), or put a newer Node first in PATH\n',
  );
  process.exit(1);
}

function runOn(node) {
  const script = fileURLToPath(import.meta.url);
  // The channel tells the child when this process dies without a word.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`weft: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + (constants.signals[signal] ?? 0));
  });
}
