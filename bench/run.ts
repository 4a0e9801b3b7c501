/** `npm run bench -- NAME [--json FILE]`: runs one benchmark, prints its table, writes its JSON. */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchCancel } from './cancel.ts';
import { benchEngine } from './engine.ts';
import { benchIdle } from './idle.ts';
import { type Benchmark, machine } from './report.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  cancel: benchCancel,
  engine: benchEngine,
  idle: benchIdle,
};

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const [name = ''] = positionals;
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  process.stderr.write(`there is no benchmark "${name}"; there is ${Object.keys(BENCHMARKS).join(', ')}\n`);
  process.exit(2);
}
const { table, data } = await benchmark();
process.stdout.write(`${table}\n`);
const file = values.json ?? `build/bench/${name}.json`;
await mkdir(new URL('../build/bench/', import.meta.url), { recursive: true });
await writeFile(file, `${JSON.stringify({ benchmark: name, machine: machine(), ...data }, null, 2)}\n`);
process.stdout.write(`\nwritten to ${file}\n`);
