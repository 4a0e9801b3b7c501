import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { apply, fold } from '../../kernel/task/apply.ts';
import type { Command, Environment, Fence } from '../../kernel/task/commands.ts';
import { decide } from '../../kernel/task/decide.ts';
import { effectsOf } from '../../kernel/task/effects.ts';
import type { JournalEntry, TaskEvent } from '../../kernel/task/events.ts';
import { type DeadLetter, emptyTask, type StepState, type TaskState } from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { checkInvariants, snapshot } from './invariants.ts';
import { interfere, unblock } from './people.ts';
import { answerPlan, checkBudget, PLAN_ENVIRONMENT } from './plans.ts';
import type { Random } from './random.ts';
import { drawTemper, type Temper } from './temper.ts';
import { answer } from './workers.ts';

const TASK = 'task';
/** Rare handlers have no worker before this moment. */
const RARE_ARRIVES_AT = 40_000;

interface Timer extends Fence {
  readonly kind: 'retry' | 'deadline';
  readonly name: string;
  readonly at: number;
}

/**
 * One task in a world that misbehaves: messages are duplicated, reordered and lost, the process dies before and after
 * commits, workers fail, people interfere. Everything is drawn from one seed, so a failure can be run again.
 */
export class World {
  readonly #random: Random;
  readonly #temper: Temper;
  readonly #compiled: CompiledTemplate;
  readonly #env: Environment;
  now = 1_000_000;
  /** What survives a crash. */
  readonly journal: JournalEntry[] = [];
  #rows = new Map<string, Fence>();
  #timers: Timer[] = [];
  readonly #asking = new Set<string>();
  readonly #deadLetters = new Map<string, DeadLetter>();
  /** What does not. */
  #state: TaskState;
  #mail: Fence[] = [];
  #results: Command[] = [];
  /** How often it died while workers of a batch were in flight. */
  crashesInBatch = 0;

  constructor(compiled: CompiledTemplate, random: Random) {
    this.#compiled = compiled;
    this.#random = random;
    this.#temper = drawTemper(random);
    this.#state = emptyTask(compiled, new Map(), new Map());
    const arrives = this.now + RARE_ARRIVES_AT;
    this.#env = {
      resolveHandler: (name) =>
        name === 'rare' && this.now < arrives ? undefined : { name, version: '1.0.0', digest: `sha256:${name}` },
      checkDispatch: (pin, _config, inputs) => (pin.name === 'picky' && isRefused(inputs) ? ['it is refused'] : []),
      checkResult: () => [],
      checkSchema: () => [],
      checkSignal: () => [],
      ...PLAN_ENVIRONMENT,
    };
  }

  get state(): TaskState {
    return this.#state;
  }

  get settled(): boolean {
    return this.#state.head.seq > 0 && isSettled(this.#state.head.status);
  }

  submit(): void {
    this.#perform({ kind: 'create', at: this.now, task_id: TASK, context: {}, submitted_by: 'simulator' });
  }

  /** Lets one thing happen. */
  step(): void {
    const random = this.#random;
    if (random.chance(this.#temper.crash)) this.#crash();
    if (this.#results.length > 0 && random.chance(0.5)) return this.#deliverResult();
    if (this.#mail.length > 0 && random.chance(0.6)) return this.#work();
    if (random.chance(this.#temper.people)) return this.#interfere();
    this.#passTime();
  }

  /** Loses everything that is not durable and starts again, as the orchestrator does. */
  #crash(): void {
    this.#mail = [];
    this.#results = [];
    if (this.journal.length === 0) return this.submit();
    if ([...this.#state.steps.values()].some(({ batch }) => (batch?.in_flight ?? 0) > 0)) this.crashesInBatch += 1;
    const before = snapshot(this.#state);
    this.#state = fold(this.#compiled, this.journal);
    if (snapshot(this.#state) !== before) throw new Error('the replayed state differs from the live one');
    const lost: Fence[] = [];
    for (const fence of this.#rows.values()) {
      const step = this.#state.steps.get(fence.step_id)!;
      if (step.status === 'enqueued' && step.plan !== undefined) lost.push(fence);
      else if (step.status === 'enqueued') this.#mail.push(fence);
      else this.#perform({ kind: 'worker_available', at: this.now });
    }
    for (const fence of lost) this.#perform({ kind: 'record_call_lost', at: this.now, ...fence });
  }

  #perform(command: Command): void {
    let events: readonly TaskEvent[];
    const before = this.#state.head.seq === 0 ? undefined : snapshot(this.#state);
    try {
      events = decide(this.#state, command, this.#env);
    } catch (error) {
      if (error instanceof WeftError && error.kind === 'reject') return;
      throw error;
    }
    if (before !== undefined && snapshot(this.#state) !== before) throw new Error('decide changed the state it read');
    const crashesBefore = this.#random.chance(this.#temper.crash / 2);
    if (crashesBefore && this.journal.length > 0) return this.#crash();
    if (events.length === 0) return;

    const seq = this.#state.head.seq + 1;
    for (const event of events) this.#state = apply(this.#state, event);
    const effects = effectsOf(this.#state, events);
    this.journal.push(structuredClone({ version: 1, seq, events }));
    for (const id of effects.undispatched) this.#rows.delete(id);
    for (const step of [...effects.dispatched, ...effects.held]) this.#rows.set(step.id, fenceOf(step));
    this.#timers = this.#timers.filter((timer) => !effects.untimed.includes(timer.step_id));
    for (const step of effects.timed) this.#timers.push(...timersOf(step));
    for (const id of effects.unasking) this.#asking.delete(id);
    for (const step of effects.asking) this.#asking.add(step.id);
    for (const step of effects.dead_letters) this.#deadLetters.set(step.id, step.dead_letter!);
    checkBudget(this.#state, this.now);
    checkInvariants(this.#state, events, {
      dispatches: this.#rows,
      timers: this.#timers,
      asking: this.#asking,
      deadLetters: this.#deadLetters,
    });

    if (this.#random.chance(this.#temper.crash / 2)) return this.#crash();
    for (const step of effects.dispatched) this.#send(fenceOf(step));
  }

  #send(fence: Fence): void {
    if (this.#random.chance(this.#temper.loss)) return; // Lost until the next crash sends it again.
    this.#mail.push(fence);
    if (this.#random.chance(this.#temper.duplication)) this.#mail.push(fence);
  }

  #work(): void {
    const [fence] = this.#mail.splice(this.#random.below(this.#mail.length), 1);
    const ask = this.#state.steps.get(fence!.step_id)?.plan === undefined ? answer : answerPlan;
    const result = ask(this.#random, this.#temper, this.#state, fence!, this.now);
    if (this.#random.chance(this.#temper.loss)) return;
    this.#results.push(result);
    if (this.#random.chance(this.#temper.duplication)) this.#results.push(result);
  }

  #deliverResult(): void {
    const [result] = this.#results.splice(this.#random.below(this.#results.length), 1);
    this.#perform({ ...result!, at: this.now });
  }

  #interfere(): void {
    this.#perform(interfere(this.#random, this.#temper, this.#state, this.now));
  }

  #passTime(): void {
    this.now += this.#random.below(3_000);
    const due = this.#timers.filter((timer) => timer.at <= this.now);
    if (due.length === 0) return this.#unblock();
    const { kind, name, at: _due, ...fence } = this.#random.pick(due);
    const at = this.now;
    this.#perform(
      kind === 'retry' ? { kind: 'fire_retry', at, ...fence } : { kind: 'fire_deadline', at, ...fence, name },
    );
  }

  /** Lost messages are found by a crash; what else nothing moves is for people. */
  #unblock(): void {
    if (this.#mail.length + this.#results.length > 0) return;
    const steps = [...this.#state.steps.values()];
    const isLost = steps.some(({ status }) => status === 'enqueued' || status === 'waiting_for_worker');
    if (isLost && !this.#state.head.paused) return this.#crash();
    const command = unblock(this.#random, this.#state, this.now);
    if (command !== undefined) this.#perform(command);
  }
}

/** Some items do not meet the schema of the handler that is picky about them. */
function isRefused(inputs: Json): boolean {
  const { item } = inputs as { readonly item?: { readonly item?: number } };
  return typeof item?.item === 'number' && item.item % 5 === 3;
}

function fenceOf({ id, attempt, activation }: StepState): Fence {
  return { step_id: id, attempt, activation };
}

function timersOf(step: StepState): Timer[] {
  const fence = fenceOf(step);
  if (step.status === 'waiting_for_retry') return [{ ...fence, kind: 'retry', name: '', at: step.retry_at! }];
  return step.suspension!.deadlines.map(({ name, at }) => ({ ...fence, kind: 'deadline', name, at }));
}
