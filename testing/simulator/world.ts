import { WeftError } from '../../kernel/errors.ts';
import { apply, fold } from '../../kernel/task/apply.ts';
import type { Command, Environment, Fence, Outcome } from '../../kernel/task/commands.ts';
import { choicesOf } from '../../kernel/task/creation.ts';
import { decide } from '../../kernel/task/decide.ts';
import { effectsOf } from '../../kernel/task/effects.ts';
import type { JournalEntry, TaskEvent } from '../../kernel/task/events.ts';
import { compiledOf, type DeadLetter, emptyTask, type StepState, type TaskState } from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { checkInvariants, snapshot } from './invariants.ts';
import type { Random } from './random.ts';

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
  readonly #effects = new Set<string>();

  constructor(compiled: CompiledTemplate, random: Random) {
    this.#compiled = compiled;
    this.#random = random;
    this.#state = emptyTask(compiled, new Map(), new Map());
    const arrives = this.now + RARE_ARRIVES_AT;
    this.#env = {
      resolveHandler: (name) =>
        name === 'rare' && this.now < arrives ? undefined : { name, version: '1.0.0', digest: `sha256:${name}` },
      checkDispatch: (_pin, _config, _inputs) => [],
      checkResult: () => [],
      checkSchema: () => [],
      checkSignal: () => [],
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
    if (random.chance(0.02)) this.#crash();
    if (this.#results.length > 0 && random.chance(0.5)) return this.#deliverResult();
    if (this.#mail.length > 0 && random.chance(0.6)) return this.#work();
    if (random.chance(0.06)) return this.#interfere();
    this.#passTime();
  }

  /** Loses everything that is not durable and starts again, as the orchestrator does. */
  #crash(): void {
    this.#mail = [];
    this.#results = [];
    if (this.journal.length === 0) return this.submit();
    const before = snapshot(this.#state);
    this.#state = fold(this.#compiled, this.journal);
    if (snapshot(this.#state) !== before) throw new Error('the replayed state differs from the live one');
    for (const fence of this.#rows.values()) {
      const step = this.#state.steps.get(fence.step_id)!;
      if (step.status === 'enqueued') this.#mail.push(fence);
      else this.#perform({ kind: 'worker_available', at: this.now });
    }
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
    const crashesBefore = this.#random.chance(0.01);
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
    checkInvariants(this.#state, events, {
      dispatches: this.#rows,
      timers: this.#timers,
      asking: this.#asking,
      deadLetters: this.#deadLetters,
    });

    if (this.#random.chance(0.01)) return this.#crash();
    for (const step of effects.dispatched) this.#send(fenceOf(step));
  }

  #send(fence: Fence): void {
    if (this.#random.chance(0.03)) return; // Lost until the next crash sends it again.
    this.#mail.push(fence);
    if (this.#random.chance(0.1)) this.#mail.push(fence);
  }

  #work(): void {
    const [fence] = this.#mail.splice(this.#random.below(this.#mail.length), 1);
    const step = this.#state.steps.get(fence!.step_id);
    if (step === undefined) return;
    this.#effects.add(`${fence!.step_id}/${fence!.attempt}/${fence!.activation}`);
    const result = this.#answer(step, fence!);
    if (this.#random.chance(0.03)) return;
    this.#results.push(result);
    if (this.#random.chance(0.1)) this.#results.push(result);
  }

  #deliverResult(): void {
    const [result] = this.#results.splice(this.#random.below(this.#results.length), 1);
    this.#perform({ ...result!, at: this.now });
  }

  #answer(step: StepState, fence: Fence): Command {
    const random = this.#random;
    const at = this.now;
    if (random.chance(0.03)) return { kind: 'record_unavailable', at, ...fence };
    if (random.chance(0.25)) {
      const failure = { code: 'simulated', message: 'it failed', retryable: random.chance(0.7) };
      return { kind: 'record_failure', at, ...fence, failure };
    }
    return { kind: 'record_outcome', at, ...fence, outcome: this.#outcome(step, fence) };
  }

  #outcome(step: StepState, fence: Fence): Outcome {
    const random = this.#random;
    const { type } = compiledOf(this.#state, step).definition;
    if (step.activation < 3 && random.chance(0.2)) {
      return {
        kind: 'suspend',
        state: { of: { ...fence } },
        request: { title: 'simulated' },
        signals: {},
        deadlines: random.some(['soon', 'late'], 0.7).map((name) => ({ name, after_ms: random.below(30_000) })),
      };
    }
    const expected = type === 'decision' ? 'branch' : 'complete';
    const kind = random.chance(0.02) ? 'complete' : expected;
    const result = { of: { ...fence } };
    if (type === 'batchable') {
      const items = Array.from({ length: random.below(6) }, (_, index) => index);
      const tolerance = random.pick([{}, { count: random.below(4) }, { percentage: random.below(100) }]);
      return { kind: 'batches', items, max_concurrency: random.below(4), result: { ...result, tolerance } };
    }
    if (kind === 'complete') return { kind, result };
    const names = random.some(choicesOf(this.#state, step), 0.6);
    return { kind, result, steps: random.chance(0.02) ? [...names, 'nobody'] : names };
  }

  #interfere(): void {
    const random = this.#random;
    const at = this.now;
    const act = { by: 'operator', reason: 'simulated' };
    const steps = [...this.#state.steps.values()];
    if (steps.length === 0) return;
    const step = random.pick(steps);
    const isDecision = compiledOf(this.#state, step).definition.type === 'decision';
    const branch = isDecision ? { branch: random.some(choicesOf(this.#state, step), 0.5) } : this.#itemsFor(step);
    const commands: Command[] = [
      { kind: 'pause', at, ...act },
      { kind: 'resume', at, ...act },
      { kind: 'worker_available', at },
      { kind: 'retry_step', at, step_id: step.id, ...act },
      this.#signalTo(step),
    ];
    if (random.chance(0.5)) {
      const fence = { at, ...fenceOf(step) };
      commands.push(
        { kind: 'mark_stuck', since: at - 1_000, ...fence },
        { kind: 'record_taken', broker: 'somebody', ...fence },
        { kind: 'note_dead_letter', at, step_id: step.id, by: 'operator', text: 'looked at' },
      );
    }
    if (random.chance(0.2)) commands.push({ kind: 'close_dead_letter', at, step_id: step.id, ...act });
    if (random.chance(0.1))
      commands.push({ kind: 'resolve_step', at, step_id: step.id, result: {}, ...branch, ...act });
    if (random.chance(0.02)) commands.push({ kind: 'cancel', at, ...act }, { kind: 'resolve', at, ...act });
    this.#perform(random.pick(commands));
  }

  #itemsFor(step: StepState): { readonly items?: readonly number[] } {
    return compiledOf(this.#state, step).definition.type === 'batchable' ? { items: [1, 2] } : {};
  }

  #signalTo(step: StepState): Command {
    const signal_id = `signal ${this.#random.below(6)}`;
    return { kind: 'signal', at: this.now, step_id: step.id, signal_id, principal: 'someone', roles: [], data: {} };
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

  /** An operator comes by when nothing moves any more, so that every task can end. */
  #unblock(): void {
    if (this.#mail.length + this.#results.length > 0) return;
    const at = this.now;
    const act = { by: 'operator', reason: 'nothing moves' };
    if (this.#state.head.paused) return this.#perform({ kind: 'resume', at, ...act });
    const steps = [...this.#state.steps.values()];
    const asking = steps.find((step) => step.status === 'waiting_for_input');
    const failed = steps.find(
      (step) => step.status === 'error' && compiledOf(this.#state, step).definition.on_failure === 'block',
    );
    const lost = steps.find((step) => step.status === 'enqueued');
    const idle = steps.find((step) => step.status === 'waiting_for_worker');
    if (lost !== undefined || idle !== undefined) return this.#crash();
    if (asking !== undefined) {
      const signal_id = `signal at ${at}`;
      return this.#perform({
        kind: 'signal',
        at,
        step_id: asking.id,
        signal_id,
        principal: 'someone',
        roles: [],
        data: {},
      });
    }
    if (failed !== undefined) {
      const isDecision = compiledOf(this.#state, failed).definition.type === 'decision';
      const branch = isDecision ? { branch: choicesOf(this.#state, failed) } : this.#itemsFor(failed);
      this.#perform({ kind: 'resolve_step', at, step_id: failed.id, result: {}, ...branch, ...act });
    }
  }
}

function fenceOf({ id, attempt, activation }: StepState): Fence {
  return { step_id: id, attempt, activation };
}

function timersOf(step: StepState): Timer[] {
  const fence = fenceOf(step);
  if (step.status === 'waiting_for_retry') return [{ ...fence, kind: 'retry', name: '', at: step.retry_at! }];
  return step.suspension!.deadlines.map(({ name, at }) => ({ ...fence, kind: 'deadline', name, at }));
}
