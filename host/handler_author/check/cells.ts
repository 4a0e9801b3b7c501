import { pino } from 'pino';
import type { JsonObject } from '../../../kernel/json.ts';
import { STEP_LIMIT_PRESETS } from '../../../kernel/template/step_limits.ts';
import { createCellExecutor } from '../../sandbox/cell_executor.ts';
import type { RunEnd, StepRun } from '../../sandbox/port.ts';
import { openCellEngine, startCaseCell } from '../cell_engine.ts';
import { CASE_LIMITS, type EngineEnd } from '../engine.ts';
import { cannedHost } from '../native/canned_host.ts';
import { stepOf } from '../run_case.ts';
import { type CheckFinding, fail, pass, skip } from './finding.ts';
import type { Subject } from './subject.ts';

const CELL_HEAP_MB = 128;
/** What a run that is held may take. */
const HELD_TIMEOUT_MS = 500;
/** From the timeout to the end of the run: generous, since machines are busy. */
const KILL_MS_MAX = 5_000;
const START_MS_MAX = 10_000;

/**
 * A run that does not come back is killed at its limit, and the next one works. No honest component can be made to loop,
 * so its process is held (SIGSTOP) once the run has begun: to the host that is a guest that never yields.
 */
export async function checkKilled({ loaded, components, runs }: Subject): Promise<CheckFinding> {
  const check = 'killed';
  if (process.platform === 'win32') return skip(check, 'this system cannot hold a process');
  const { memory_bytes_max } = CASE_LIMITS;
  const logger = pino({ level: 'silent' });
  const executor = createCellExecutor({ cells: 1, components, memory_bytes_max, heap_mb_max: CELL_HEAP_MB, logger });
  const input = runs[0]?.each.input ?? { config: {} };
  const run = (timeout_ms: number): Promise<RunEnd> =>
    executor.run(stepRun(loaded.digest, input.config, input.inputs ?? {}, timeout_ms, input));
  try {
    const first = await run(CASE_LIMITS.timeout_ms);
    const { cell_pid } = first.measure;
    if (endedBy(first, 'timeout')) return fail(check, 'its first run did not end at all', 'look for an endless loop');
    process.kill(cell_pid, 'SIGSTOP');
    const startedAt = performance.now();
    const held = await run(HELD_TIMEOUT_MS);
    const took_ms = performance.now() - startedAt;
    const next = await run(CASE_LIMITS.timeout_ms);
    if (!endedBy(held, 'timeout') || took_ms > HELD_TIMEOUT_MS + KILL_MS_MAX)
      return fail(check, `a held run ended after ${Math.round(took_ms)} ms, otherwise than by its limit`, DEFECT);
    if (next.measure.cell_pid === cell_pid || endOf(next) !== endOf(first))
      return fail(check, `the run after the killed one ended by ${endOf(next)}, before it by ${endOf(first)}`, DEFECT);
    return pass(
      check,
      `a run that was held was killed after ${Math.round(took_ms)} ms, and the next one was as before`,
    );
  } finally {
    await executor.close();
  }
}

const DEFECT = 'this is a defect of the host or of this machine; try again, then report it';

/** From nothing to the end of its first run: a cell starts, compiles it, makes an instance. */
export async function checkColdStart({ loaded, runs }: Subject): Promise<CheckFinding> {
  const check = 'cold start';
  const input = runs[0]?.each.input ?? { config: {} };
  const startedAt = performance.now();
  const cell = startCaseCell(loaded.directory);
  const engine = openCellEngine(loaded.directory, cell);
  try {
    await cell.ready;
    const ready_ms = performance.now() - startedAt;
    const cold = await engine.run(stepOf(input), input);
    const cold_ms = performance.now() - startedAt;
    const warm = await engine.run(stepOf(input), input);
    const found = `${Math.round(cold_ms)} ms, ${Math.round(ready_ms)} of them for the cell; a warm run ${costText(warm)}`;
    if (cold_ms <= START_MS_MAX && !isLate(cold)) return pass(check, found);
    return fail(check, found, 'prepare at build time, at the top level of the module, what is costly');
  } finally {
    await engine.close();
  }
}

function costText({ instantiate_ms, run_ms }: EngineEnd): string {
  return `${instantiate_ms.toFixed(1)} + ${run_ms.toFixed(1)} ms (instance + run)`;
}

function isLate({ verdict }: EngineEnd): boolean {
  return verdict.kind === 'failure' && verdict.failure.code === 'timeout';
}

function endedBy(end: RunEnd, code: string): boolean {
  return end.kind === 'failure' && end.failure.code === code;
}

/** The code of a failure, or the kind of the outcome. */
function endOf(end: RunEnd): string {
  return end.kind === 'failure' ? end.failure.code : end.outcome.kind;
}

function stepRun(
  digest: string,
  config: JsonObject,
  inputs: JsonObject,
  timeout_ms: number,
  world: Parameters<typeof cannedHost>[0],
): StepRun {
  const host = cannedHost(world);
  const usage = { host_calls: 0, hosts: [], bytes_in: 0, bytes_out: 0, denials: 0, denied: [], secret_uses: [] };
  return {
    identity: {
      task_id: 'task-1',
      step_id: 'step-1',
      step_name: 'step',
      namespace: 'default',
      template_name: 'check',
      attempt: 1,
      activation: 1,
      idempotency_key: 'key-1',
    },
    digest,
    config,
    inputs,
    limits: {
      ...STEP_LIMIT_PRESETS,
      ...CASE_LIMITS,
      timeout_ms,
      host_calls_max: 1_000,
      io_bytes_max: 16_000_000,
      log_lines_max: 1_000,
    },
    host: { call: async (name, args) => host.call(name, args), usage: () => usage },
    signal: new AbortController().signal,
  };
}
