import type { Expected, HostileComponent, RunShape } from './hostile_component.ts';
import { completing, DATA_AT, type WatHandler, watHandler } from './wat_handler.ts';

const LOG = 'weft:log/logger@1.0.0';
const CLOCK = 'weft:clock/wall-clock@1.0.0';
const LOG_IMPORT = `(import "${LOG}" "log" (func $log (param i32 i32 i32 i32 i32)))`;
const CLOCK_IMPORT = `(import "${CLOCK}" "now-ms" (func $now (result i64)))`;

const FOREVER = '(loop $again (br $again)) (unreachable)';
const SHORT: RunShape = { timeout_ms: 700 };

/** Handlers in WebAssembly text whose `describe` misbehaves: nothing of them is loaded. */
export const DESCRIBERS: readonly HostileComponent[] = [
  refused('loops', { describe: FOREVER }),
  refused('is never reached: the start function loops', {
    definitions: `(func $start ${FOREVER}) (start $start)`,
  }),
  refused('traps', { describe: '(unreachable)' }),
  refused('traps in the start function', { definitions: '(func $start (unreachable)) (start $start)' }),
  refused('calls the host', {
    world: [CLOCK],
    imports: CLOCK_IMPORT,
    describe: '(drop (call $now)) (unreachable)',
  }),
  refused('gives no JSON', { describe: '(call $string (i32.const 0) (i32.const 3))' }),
  refused('gives a list of parentheses', {
    definitions: `(data (i32.const ${DATA_AT}) "${'['.repeat(100)}${']'.repeat(100)}")`,
    describe: `(call $string (i32.const ${DATA_AT}) (i32.const 200))`,
  }),
  refused('gives what lies beyond its memory', {
    describe: '(call $string (i32.const 131000) (i32.const 1000))',
  }),
  refused('gives two megabytes', {
    memory: '40',
    describe: '(call $string (i32.const 0) (i32.const 2097152))',
  }),
  refused('eats all memory', {
    describe: '(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) (unreachable)',
  }),
];

/** Handlers in WebAssembly text that load and then misbehave. */
export const RUNNERS: readonly HostileComponent[] = [
  runs('loops', { run: FOREVER }, { fails: 'timeout', during: SHORT }),
  runs('loops within its time', { run: FOREVER }, { fails: 'cpu_exceeded', during: { cpu_ms_max: 300 } }),
  runs(
    'loops once it was resumed',
    // Whether there is a `resume` stands after the five fields before it.
    {
      run: `(if (i32.load8_u offset=52 (local.get $step)) (then ${FOREVER})) (call $complete (i32.const 4096) (i32.const 11))`,
    },
    { fails: 'timeout', during: { ...SHORT, resumed: true } },
  ),
  runs(
    'calls the host for ever',
    { world: [CLOCK], imports: CLOCK_IMPORT, run: '(loop $again (drop (call $now)) (br $again)) (unreachable)' },
    { fails: 'timeout', during: SHORT },
  ),
  runs(
    'waits for an answer that never comes',
    { world: [CLOCK], imports: CLOCK_IMPORT, run: '(drop (call $now)) (unreachable)' },
    { fails: 'timeout', during: { ...SHORT, silence: true } },
  ),
  runs(
    'floods the log',
    {
      world: [LOG],
      imports: LOG_IMPORT,
      run: `(loop $again (call $log (i32.const 1) (i32.const 0) (i32.const 8000) (i32.const 0) (i32.const 8000)) (br $again))
        (unreachable)`,
    },
    { fails: 'timeout', during: { timeout_ms: 1_000 } },
  ),
  runs(
    'writes to the terminal',
    {
      world: [LOG],
      imports: LOG_IMPORT,
      definitions: `(data (i32.const ${DATA_AT}) "\\1b[2J\\1b]0;pwned\\07\\0a\\c2\\9b")`,
      run: `(call $log (i32.const 1) (i32.const ${DATA_AT}) (i32.const 17) (i32.const ${DATA_AT}) (i32.const 17))
        (call $complete (i32.const 4096) (i32.const 11))`,
    },
    { completes: { ok: true } },
  ),
  runs(
    'logs a whole memory in one line',
    {
      world: [LOG],
      imports: LOG_IMPORT,
      memory: '600',
      run: `(call $log (i32.const 1) (i32.const 131072) (i32.const 36700160) (i32.const 0) (i32.const 0))
        (call $complete (i32.const 4096) (i32.const 11))`,
    },
    { fails: ['output_too_large', 'memory_exceeded'] },
  ),
  runs(
    'recurses',
    { definitions: '(func $deeper (call $deeper) (call $deeper))', run: '(call $deeper) (unreachable)' },
    { fails: 'trap' },
  ),
  runs('divides by zero', { run: '(i32.div_s (i32.const 1) (i32.const 0))' }, { fails: 'trap' }),
  runs(
    'grows its memory until it may not',
    { run: '(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) (unreachable)' },
    { fails: 'memory_exceeded' },
  ),
  runs(
    'grows its memory beyond the step’s limit, far below the operator’s',
    {
      run: `(if (i32.ge_s (memory.grow (i32.const 15)) (i32.const 0)) (then (unreachable)))
        (call $complete (i32.const 4096) (i32.const 11))`,
    },
    { completes: { ok: true }, during: { memory_bytes_max: 16 * 65_536 } },
  ),
  runs(
    'starts with more than the step may have',
    { memory: '32' },
    { fails: 'memory_exceeded', during: { memory_bytes_max: 1024 * 1024 } },
  ),
  runs(
    'grows a table',
    {
      definitions: '(table $t 1 funcref)',
      run: `(loop $more (br_if $more (i32.ge_s (table.grow $t (ref.null func) (i32.const 10000)) (i32.const 0))))
        (if (i32.gt_u (table.size $t) (i32.const 200000)) (then (unreachable)))
        (call $complete (i32.const 4096) (i32.const 11))`,
    },
    { completes: { ok: true } },
  ),
  runs(
    'keeps state for the next step',
    {
      definitions: '(global $runs (mut i32) (i32.const 48))',
      run: `(global.set $runs (i32.add (global.get $runs) (i32.const 1)))
        (i32.store8 (i32.const ${DATA_AT}) (global.get $runs))
        (call $complete (i32.const ${DATA_AT}) (i32.const 1))`,
    },
    { completes: 1 },
  ),
  runs(
    'gives what lies beyond its memory',
    { run: '(call $complete (i32.const 131000) (i32.const 1000))' },
    { fails: 'trap' },
  ),
  runs('gives an outcome that lies beyond its memory', { run: '(i32.const 131070)' }, { fails: 'trap' }),
  runs(
    'gives an outcome of no kind',
    { run: '(i32.store8 (i32.const 4) (i32.const 9)) (i32.const 0)' },
    { fails: ['trap', 'output_malformed'] },
  ),
  runs(
    'gives two megabytes',
    { memory: '40', run: '(call $complete (i32.const 0) (i32.const 2097152))' },
    { fails: 'output_too_large' },
  ),
  runs('gives more than the step may write', completing(JSON.stringify('x'.repeat(3_000))), {
    fails: 'output_too_large',
    during: { output_bytes_max: 2_000 },
  }),
  runs('gives no UTF-8', completing(Uint8Array.from([0x22, 0xc3, 0x28, 0x22])), {
    fails: 'trap',
  }),
  runs(
    'gives eight million workers of nothing',
    {
      memory: '1000',
      // `batches`: a list of empty texts that fills the memory.
      run: `(i32.store8 (i32.const 4) (i32.const 2))
        (i32.store (i32.const 8) (i32.const 131072)) (i32.store (i32.const 12) (i32.const 8000000))
        (i32.store (i32.const 20) (i32.const 4096)) (i32.store (i32.const 24) (i32.const 11)) (i32.const 0)`,
    },
    { fails: ['memory_exceeded', 'output_too_large'] },
  ),
  runs(
    'suspends with nothing to ask',
    { run: '(i32.store8 (i32.const 4) (i32.const 3)) (i32.const 0)' },
    { fails: 'output_malformed' },
  ),
  runs(
    'fails by a code that commands a terminal',
    {
      definitions: `(data (i32.const ${DATA_AT}) "\\1b[2Joops")`,
      run: `(i32.store8 (i32.const 0) (i32.const 1))
        (i32.store (i32.const 4) (i32.const ${DATA_AT})) (i32.store (i32.const 8) (i32.const 8)) (i32.const 0)`,
    },
    { fails: 'output_malformed' },
  ),
];

function refused(what: string, parts: WatHandler): HostileComponent {
  return { name: `describe: ${what}`, build: () => watHandler(parts), expected: { refused: 'describe' } };
}

function runs(what: string, parts: WatHandler, expected: Expected): HostileComponent {
  return { name: `run: ${what}`, build: () => watHandler(parts), expected };
}
