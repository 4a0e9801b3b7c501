import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WeftError } from '../../kernel/errors.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { DESCRIBERS, RUNNERS } from '../../testing/hostile_components/behaviour.ts';
import { BOMBS, MEMORIES } from '../../testing/hostile_components/bombs.ts';
import { FEATURES } from '../../testing/hostile_components/features.ts';
import type { HostileComponent, RunShape } from '../../testing/hostile_components/hostile_component.ts';
import { MALFORMED, UNDECLARED, UNTRANSLATABLE, WORLDS } from '../../testing/hostile_components/malformed.ts';
import { HOSTILE_NAMES } from '../../testing/hostile_components/names.ts';
import { SCRIPTS } from '../../testing/hostile_components/scripts.ts';
import { watHandler } from '../../testing/hostile_components/wat_handler.ts';
import { assert, suite } from '../../testing/suite.ts';
import { createGuestLog } from '../imports/log.ts';
import { createRedactor } from '../imports/redaction.ts';
import { createCellExecutor } from './cell_executor.ts';
import { checkComponent } from './component_check.ts';
import { type ComponentStore, openComponentStore } from './component_store.ts';
import { fixtureCache } from './fixtures/components.ts';
import { resultOf, verdict } from './fixtures/lab.ts';
import { believe, CONFINEMENT, hostFunctions, silent, stepRun } from './fixtures/runs.ts';
import type { Executor, StepRun } from './port.ts';
import { ComponentRefusal } from './structure/refusal.ts';

const test = suite('hostile components');

const MB = 1024 * 1024;
const BOUNDS = { component_bytes_max: 16 * MB, memory_bytes_max: CONFINEMENT.memory_bytes_max };
/** How much larger than before broker and cell may be after each. */
const GROWTH_MAX = 64 * MB;
const LOG_LINES_MAX = 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const built = new Map<HostileComponent['build'], Uint8Array>();
let store: ComponentStore;
let executor: Executor;
let honest: string;
let before: { readonly broker: number; readonly cell: number };

test.before(async () => {
  store = await openComponentStore({
    cacheDirectory: join(fixtureCache(), 'transpiled'),
    ...BOUNDS,
    describe_ms_max: 2_000,
    validateCapability: believe,
  });
  // The tools that build them take more memory than anything they build.
  for (const { build } of [...LOADED, ...RUNNERS, ...SCRIPTS]) await bytesOf(build);
  honest = (await store.load(await watHandler())).digest;
  executor = createCellExecutor({
    cells: 1,
    components: { directory: store.directory, locate: store.locate, digests: () => [honest] },
    ...CONFINEMENT,
    logger: silent,
  });
  before = { broker: brokerBytes(), cell: residentBytes(await honestStep()) };
});
test.after(() => executor.close());

async function bytesOf(build: HostileComponent['build']): Promise<Uint8Array> {
  const bytes = built.get(build) ?? (await build());
  built.set(build, bytes);
  return bytes;
}

/** That an honest step succeeds. @returns the process it ran in */
async function honestStep(): Promise<number> {
  const end = await executor.run(stepRun(honest, {}));
  assert.equal(resultOf(end), { ok: true });
  return end.measure.cell_pid;
}

/** That nothing is left of a component that was tried. */
async function unharmed(): Promise<void> {
  const cell = residentBytes(await honestStep());
  assert.ok(cell < before.cell + GROWTH_MAX, `the cell grew from ${before.cell} to ${cell} bytes`);
  const broker = brokerBytes();
  assert.ok(broker < before.broker + GROWTH_MAX, `the broker grew from ${before.broker} to ${broker} bytes`);
  assert.is(({} as { polluted?: boolean }).polluted, undefined);
  assert.is((globalThis as { pwned?: number }).pwned, undefined);
}

/** Resident, without what is garbage. */
function brokerBytes(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

/** Of a process, as Linux tells it; 0 elsewhere. */
function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/** The rule by which nothing of a component runs. */
async function refusalOf(loading: () => unknown): Promise<string> {
  try {
    await loading();
  } catch (error) {
    if (error instanceof ComponentRefusal) return error.rule;
    if (error instanceof WeftError && error.code === 'component_refused') return String(error.params['rule']);
    throw error;
  }
  return 'it was loaded';
}

/** A run as the component's occasion has it, under a log that is looked at. */
function runOf(digest: string, shape: RunShape, logged: string[]): StepRun {
  const { config = {}, timeout_ms = 20_000, cpu_ms_max, memory_bytes_max, output_bytes_max, resumed, silence } = shape;
  const take = (fields: object, message: string) => void logged.push(JSON.stringify(fields), message);
  const limits = { ...STEP_LIMIT_PRESETS, log_lines_max: LOG_LINES_MAX };
  const { identity } = stepRun(digest, {});
  const log = createGuestLog(
    { debug: take, info: take, warn: take, error: take },
    identity,
    limits,
    createRedactor([]),
  );
  return stepRun(digest, config, {
    ...(resumed ? { resume: { state: 1, signals: [] } } : {}),
    host: hostFunctions(async (name, args) => {
      if (silence) return new Promise(() => undefined);
      if (name === 'weft:log/logger#log') return { ok: log(args[0], args[1], args[2]) };
      return { ok: '1' };
    }),
    limits: {
      timeout_ms,
      ...(cpu_ms_max === undefined ? {} : { cpu_ms_max }),
      ...(memory_bytes_max === undefined ? {} : { memory_bytes_max }),
      ...(output_bytes_max === undefined ? {} : { output_bytes_max }),
    },
  });
}

/** Tries a component that loads, twice: the second time must be like the first. */
async function tryRun({ build, expected }: HostileComponent): Promise<void> {
  if ('refused' in expected) throw new Error('it is expected to be refused');
  const { digest } = await store.load(await bytesOf(build));
  const times = 'completes' in expected ? 2 : 1;
  for (let i = 0; i < times; i++) {
    const logged: string[] = [];
    const end = await executor.run(runOf(digest, expected.during ?? {}, logged));
    if ('completes' in expected) assert.is(JSON.stringify(resultOf(end)), JSON.stringify(expected.completes));
    else assert.ok([expected.fails].flat().includes(verdict(end)), `${verdict(end)}: ${JSON.stringify(end)}`);
    assert.ok(logged.length <= 2 * (LOG_LINES_MAX + 1), `${logged.length} texts were logged`);
    for (const line of logged) assert.not.match(line, /[\u0000-\u001f\u007f-\u009f]/);
  }
}

/** What is found out only when it is loaded. */
const LOADED = [...UNTRANSLATABLE, ...DESCRIBERS, ...UNDECLARED];

const STATIC = [...FEATURES, ...HOSTILE_NAMES, ...BOMBS, ...MEMORIES, ...MALFORMED, ...WORLDS];

test('refuses by its structure, before anything of it runs, what breaks a rule', async () => {
  for (const { name, build, expected } of STATIC) {
    if (!('refused' in expected)) continue;
    const bytes = await build();
    assert.is(await refusalOf(() => checkComponent(bytes, BOUNDS)), expected.refused, name);
  }
  await unharmed();
});

for (const { name, build, expected } of LOADED) {
  test(`does not load: ${name}`, async () => {
    const bytes = await bytesOf(build);
    assert.ok('refused' in expected);
    assert.is(await refusalOf(() => store.load(bytes)), (expected as { refused: string }).refused);
    await unharmed();
  });
}

for (const hostile of [...RUNNERS, ...SCRIPTS]) {
  test(`survives: ${hostile.name}`, async () => {
    await tryRun(hostile);
    await unharmed();
  });
}
