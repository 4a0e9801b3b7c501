import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type StartOptions, startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import type { OperatorConfig } from '../host/config/types.ts';
import type { Engine, NumberedEvent, Submission, TaskView } from '../host/orchestrator/port.ts';
import type { StepRun } from '../host/sandbox/port.ts';
import type { TransportFaults } from '../host/transport/memory/faults.ts';
import { createMemoryTransport } from '../host/transport/memory/memory_transport.ts';
import type { Transport } from '../host/transport/port.ts';
import { WeftError } from '../kernel/errors.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Outcome } from '../kernel/task/commands.ts';
import type { EventOf, Failure, TaskEvent } from '../kernel/task/events.ts';
import { type NativeHandler, nativeHandlers, noop, StepFailure } from './native_executor.ts';

/** How long anything may take before a test gives up on it. */
const PATIENCE_MS = 20_000;

/** How a rig's engine is started. */
export interface RigStart {
  /** Native handlers besides `noop`; in cells with the built-in ones when this is `cells`. */
  readonly handlers?: readonly NativeHandler[] | 'cells';
  readonly parts?: StartOptions['parts'];
  readonly config?: Partial<OperatorConfig>;
  /** Hears the engine's log, a line of JSON at a time. */
  readonly onLog?: (line: JsonObject) => void;
}

const CAPACITY = 16;
/** Components are translated once for all tests. */
const CACHE = join(import.meta.dirname, '../build/test_cache');

/** A data directory and the engines that live in it, one after the other. */
export class Rig {
  readonly directory: string;
  readonly #open: Weft[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes one for the time of `use`; what it left open is closed. */
  static async with(use: (rig: Rig) => Promise<void>): Promise<void> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'weft-rig-')));
    try {
      await use(rig);
    } finally {
      for (const weft of rig.#open) await weft.close();
      await rm(rig.directory, { recursive: true, force: true });
    }
  }

  async start({ handlers = [], parts, config = {}, onLog }: RigStart = {}): Promise<Weft> {
    const env = { WEFT_DATA_DIRECTORY: this.directory, WEFT_CACHE_DIRECTORY: CACHE };
    const loaded = await loadConfig({ cwd: this.directory, env });
    const logger = pino(
      { level: onLog === undefined ? 'silent' : 'debug' },
      { write: (line) => onLog?.(JSON.parse(line)) },
    );
    const weft = await startWeft(
      { ...loaded, broker: { cells: 2, cell_heap_mb: 128, drain_grace_ms: 0 }, ...config },
      {
        logger,
        env: {},
        ...(handlers === 'cells' ? {} : { native: nativeHandlers([noop, ...handlers], CAPACITY) }),
        ...(parts === undefined ? {} : { parts }),
      },
    );
    this.#open.push(weft);
    return weft;
  }
}

/** A step of a template, as people write it. */
export function step(name: string, rest: Readonly<Record<string, Json>> = {}): JsonObject {
  const { catalog = 'noop', config = {}, ...others } = rest;
  return { name, handler: { catalog, config }, ...others };
}

/** A submission of a template with these steps. */
export function submission(
  steps: readonly JsonObject[],
  rest: Partial<Submission> & { frame?: JsonObject } = {},
): Submission {
  const { frame = {}, ...others } = rest;
  const document: Json = { name: 'rigged', version: '1.0.0', steps, ...frame };
  return { template: { kind: 'document', document }, context: {}, principal: 'tester', ...others };
}

/** Submits a template with these steps and gives the task's id. */
export async function submitted(engine: Engine, ...steps: readonly JsonObject[]): Promise<string> {
  return (await engine.submit(submission(steps))).task.task_id;
}

/**
 * The task as soon as `holds` is true of it.
 * @throws Error when it settles, or patience ends, before that
 */
export async function until(engine: Engine, taskId: string, holds: (task: TaskView) => boolean): Promise<TaskView> {
  let task = await engine.task(taskId);
  if (holds(task)) return task;
  for await (const _ of watched(engine, taskId, task.seq)) {
    task = await engine.task(taskId);
    if (holds(task)) return task;
  }
  const steps = task.steps.map(({ name, status, failure }) => `${name}: ${status} ${failure?.['code'] ?? ''}`);
  throw new Error(`the task is ${task.status} without it (${steps.join(', ')})`);
}

/** The first event of a kind. @throws Error when the task settles, or patience ends, without one */
export async function happened<K extends TaskEvent['kind']>(
  engine: Engine,
  taskId: string,
  kind: K,
): Promise<EventOf<K>> {
  for await (const { event } of watched(engine, taskId, 0)) if (event.kind === kind) return event as EventOf<K>;
  throw new Error(`there was no ${kind}`);
}

/** The events of a task, for as long as patience lasts. */
async function* watched(engine: Engine, taskId: string, afterSeq: number): AsyncGenerator<NumberedEvent> {
  const aborting = new AbortController();
  const timer = setTimeout(() => aborting.abort(), PATIENCE_MS);
  try {
    yield* engine.watch(taskId, afterSeq, aborting.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The task once it has settled. */
export function settled(engine: Engine, taskId: string): Promise<TaskView> {
  return until(engine, taskId, (task) => task.settled_at !== null);
}

/** The task once a step has this status. */
export function stepIs(engine: Engine, taskId: string, name: string, status: string): Promise<TaskView> {
  return until(engine, taskId, (task) => task.steps.some((each) => each.name === name && each.status === status));
}

/** Every event of a task. */
export async function journal(engine: Engine, taskId: string): Promise<TaskEvent[]> {
  return (await engine.events(taskId, 0, 100_000)).map(({ event }) => event);
}

/** The code of the `WeftError` that a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof WeftError ? error.code : String(error);
  }
  return 'nothing was refused';
}

/** A run in a test's hands. */
export interface PuppetRun {
  readonly step: StepRun;
  complete(result?: Json): void;
  end(outcome: Outcome): void;
  fail(failure?: Partial<Failure>): void;
}

/** A transport in this process. */
export function memoryTransport(faults?: TransportFaults): Transport {
  const onError = (error: unknown): void => {
    throw error;
  };
  return createMemoryTransport({ onError, ...(faults === undefined ? {} : { faults }) });
}

/** A native handler whose runs end when and as the test says. */
export class Puppet implements NativeHandler {
  readonly name: string;
  readonly capability?: NonNullable<NativeHandler['capability']>;
  readonly #started: PuppetRun[] = [];
  readonly #awaited: ((run: PuppetRun) => void)[] = [];
  /** How often it was run. */
  runs = 0;

  constructor(name = 'puppet', capability?: NativeHandler['capability']) {
    this.name = name;
    if (capability !== undefined) this.capability = capability;
  }

  run(step: StepRun): Promise<Outcome> {
    this.runs++;
    return new Promise((resolve, reject) => {
      const run: PuppetRun = {
        step,
        complete: (result = {}) => resolve({ kind: 'complete', result }),
        end: resolve,
        fail: (failure) => reject(new StepFailure(failure)),
      };
      const awaited = this.#awaited.shift();
      if (awaited === undefined) this.#started.push(run);
      else awaited(run);
    });
  }

  /** The next run, in the order in which they started. @throws Error when patience ends */
  next(): Promise<PuppetRun> {
    const started = this.#started.shift();
    if (started !== undefined) return Promise.resolve(started);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} was not run`)), PATIENCE_MS);
      this.#awaited.push((run) => {
        clearTimeout(timer);
        resolve(run);
      });
    });
  }
}

/** Resolves once the turns of the event loop that are under way are over. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
