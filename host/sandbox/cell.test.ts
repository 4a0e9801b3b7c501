import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert, suite } from '../../testing/suite.ts';
import { type Cell, startCell } from './cell.ts';
import { confinedArguments } from './cell_flags.ts';
import type { CallHost, OrderEnd } from './cell_link.ts';
import { CONFINEMENT, smuggled, vanished } from './fixtures/runs.ts';

const test = suite('cell');

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'weft-cell-')));
const cells = new Set<Cell>();

test.after(async () => {
  for (const cell of cells) cell.kill();
  await Promise.all([...cells].map((cell) => cell.exited));
  rmSync(scratch, { recursive: true });
});

const noCalls: CallHost = () => new Promise(() => undefined);

/** What comes of an order whose bindings run this JavaScript; see `smuggled`. */
async function endOf(script: string, callHost: CallHost = noCalls): Promise<OrderEnd> {
  const directory = mkdtempSync(join(scratch, 'component-'));
  const components = smuggled(directory, script);
  const cell = startCell({ readable: [directory], ...CONFINEMENT });
  cells.add(cell);
  const { end } = await cell.perform(
    {
      directory: components.locate('any')!,
      call: { name: 'run', step: {} as never },
      memory_bytes_max: CONFINEMENT.memory_bytes_max,
      output_bytes_max: 1000,
      frame_bytes_max: 2000,
    },
    callHost,
  );
  if (end.kind === 'garbage' || end.kind === 'crashed' || end.kind === 'host_failed') await cell.exited;
  return end;
}

const end = `{ kind: 'end', run: 1, end: { kind: 'returned', value: 'forged' }, measure }`;

test('kills a cell that sends what no cell sends', async () => {
  const garbage = {
    'no JSON': `send('not JSON'); await never;`,
    'no object': `send('[]'); await never;`,
    'no known kind': `send({ kind: 'take over' }); await never;`,
    'no array of arguments': `send({ kind: 'call', run: 1, name: 'x', args: 'y' }); await never;`,
    'no number of the run': `send({ kind: 'call', run: '1', name: 'x', args: [] }); await never;`,
    'no measure': `send({ ...${end}, measure: null }); await never;`,
    'a measure below zero': `send({ ...${end}, measure: { ...measure, run_ms: -1 } }); await never;`,
    'no known end': `send({ ...${end}, end: { kind: 'victory' } }); await never;`,
    'a frame beyond the limit': `sendRaw(Buffer.from([0xff, 0xff, 0xff, 0x7f])); await never;`,
    'two calls at once': `const call = { kind: 'call', run: 1, name: 'x', args: [] }; send(call); send(call); await never;`,
  };
  for (const [what, script] of Object.entries(garbage)) assert.is((await endOf(script)).kind, 'garbage', what);
});

test('ignores what belongs to another run', async () => {
  const calls: string[] = [];
  const ended = await endOf(
    `send({ ...${end}, run: 0 }); send({ ...${end}, run: 2 });
     send({ kind: 'call', run: 0, name: 'late', args: [] }); return 'honest';`,
    async (name) => {
      calls.push(name);
      return { ok: undefined };
    },
  );
  assert.equal(ended, { kind: 'returned', value: 'honest' });
  assert.equal(calls, []);
});

test('reports a process that ends, and by what', async () => {
  const ended = await endOf('process.exit(7);');
  assert.is(ended.kind, 'crashed');
  assert.match(JSON.stringify(ended), 'exited with code 7');
  const aborted = await endOf('process.abort();');
  assert.match(JSON.stringify(aborted), 'SIGABRT');
});

test('tells an exhausted heap from other deaths', async () => {
  const ended = await endOf('const kept = []; for (;;) kept.push(new Array(1e5).fill({}));');
  assert.equal([ended.kind, ended.kind === 'crashed' && ended.heap_exhausted], ['crashed', true]);
});

test('a host function that rejects ends the order and the cell', async () => {
  const ended = await endOf(`await imports['weft:log/logger'].log('info', 'x', '');`, () =>
    Promise.reject(new Error('broken')),
  );
  assert.equal(ended.kind === 'host_failed' && (ended.error as Error).message, 'broken');
});

test('a component that is not there cannot be loaded', async () => {
  const cell = startCell({ readable: [scratch], ...CONFINEMENT });
  cells.add(cell);
  const order = {
    directory: join(scratch, 'gone'),
    call: { name: 'describe' },
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    output_bytes_max: 1000,
    frame_bytes_max: 1000,
  } as const;
  assert.is((await cell.perform(order, noCalls)).end.kind, 'unloadable');
  cell.kill();
  await cell.exited;
  assert.is((await cell.perform(order, noCalls)).end.kind, 'crashed');
});

test('leaves Ctrl-C and a supervisor to its broker', async () => {
  const cell = startCell({ readable: [scratch], ...CONFINEMENT });
  cells.add(cell);
  assert.is(await cell.ready, true);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(cell.pid, signal);
  const order = {
    directory: smuggled(mkdtempSync(join(scratch, 'component-')), '').locate('any')!,
    call: { name: 'describe' },
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    output_bytes_max: 1000,
    frame_bytes_max: 1000,
  } as const;
  assert.is((await cell.perform(order, noCalls)).end.kind, 'returned');
});

test('dies with its parent, even in an endless loop', async () => {
  const program = fileURLToPath(new URL('./fixtures/orphan_parent.ts', import.meta.url));
  const directory = mkdtempSync(join(scratch, 'component-'));
  const parent = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await vanished(Number(pid));
});

test('may do nothing but compute', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
  const args = confinedArguments(join(fixtures, 'escape.ts'), { readable: [fixtures], ...CONFINEMENT });
  const child = spawn(process.execPath, [...args, join(scratch, 'written'), String(port)], {
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  child.kill('SIGKILL');
  server.close();
  const strings = 'Code generation from strings disallowed for this context';
  assert.equal(JSON.parse(text), {
    'read a file': 'ERR_ACCESS_DENIED',
    'list the project': 'ERR_ACCESS_DENIED',
    'write a file': 'ERR_ACCESS_DENIED',
    'run a program': 'ERR_ACCESS_DENIED',
    'start a thread': 'ERR_ACCESS_DENIED',
    'connect by TCP': 'ERR_ACCESS_DENIED',
    'request by HTTP': 'ERR_ACCESS_DENIED',
    fetch: 'ERR_ACCESS_DENIED',
    eval: strings,
    'new Function': strings,
    'reach __proto__': 'ERR_PROTO_ACCESS',
    'load an addon': 'ERR_DLOPEN_DISABLED',
    'see the environment': 'empty',
  });
});
