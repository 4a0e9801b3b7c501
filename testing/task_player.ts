import type { Json, JsonObject } from '../kernel/json.ts';
import { apply } from '../kernel/task/apply.ts';
import type { Command, Environment, Outcome } from '../kernel/task/commands.ts';
import { decide } from '../kernel/task/decide.ts';
import { type Effects, effectsOf } from '../kernel/task/effects.ts';
import type { Failure, TaskEvent } from '../kernel/task/events.ts';
import { emptyTask, type StepState, stepNamed, type TaskState } from '../kernel/task/state.ts';
import { compileTrusted } from '../kernel/template/compile.ts';
import type { StepDefinition, Template } from '../kernel/template/types.ts';

/** A step definition from the little that a test cares about. */
export function step(name: string, rest: Partial<StepDefinition> = {}): StepDefinition {
  return {
    name,
    type: 'standard',
    handler: { catalog: 'played', config: {} },
    dependencies: [],
    retry: { max_attempts: 1, backoff: 'none', base_ms: 1_000, max_ms: 60_000, jitter: 0 },
    timeout_ms: 1_000,
    on_failure: 'block',
    ...rest,
  };
}

/** A template of these steps. */
export function template(...steps: readonly StepDefinition[]): Template {
  const blank = { name: 'played', namespace: 'default', version: '1.0.0', description: '', egress: [], secrets: [] };
  return { ...blank, steps };
}

/** Plays a task by hand: says what happens, in order, and shows what the kernel makes of it. */
export class TaskPlayer {
  state: TaskState;
  at = 1_000;
  readonly events: TaskEvent[] = [];
  /** Of the last command. */
  effects: Effects | undefined;
  readonly #env: Environment;

  constructor(steps: readonly StepDefinition[], env: Partial<Environment> = {}) {
    this.state = emptyTask(compileTrusted(template(...steps), 'sha256:played'), new Map(), new Map());
    this.#env = {
      resolveHandler: (name) => ({ name, version: '1.0.0', digest: `sha256:${name}` }),
      checkDispatch: () => [],
      checkResult: () => [],
      checkSchema: () => [],
      checkSignal: () => [],
      checkOutput: () => [],
      outputSchema: () => undefined,
      callCap: () => undefined,
      validatePlan: () => ({ ok: false, diagnostics: [] }),
      ...env,
    };
  }

  /** The kinds of the events that a command leads to. */
  tell(command: Command): string[] {
    const events = decide(this.state, command, this.#env);
    for (const event of events) this.state = apply(this.state, event);
    this.effects = effectsOf(this.state, events);
    this.events.push(...events);
    return events.map((event) => event.kind);
  }

  submit(context: JsonObject = {}, paused = false): string[] {
    const act = paused ? { paused: { by: 'tester', reason: 'later' } } : {};
    return this.tell({ kind: 'create', at: this.at, task_id: 't', context, submitted_by: 'tester', ...act });
  }

  complete(name: string, result: Json = {}): string[] {
    return this.end(name, { kind: 'complete', result });
  }

  branch(name: string, ...steps: string[]): string[] {
    return this.end(name, { kind: 'branch', steps, result: { steps } });
  }

  suspend(name: string, rest: Partial<Extract<Outcome, { kind: 'suspend' }>> = {}): string[] {
    return this.end(name, {
      kind: 'suspend',
      state: {},
      request: { title: name },
      signals: {},
      deadlines: [],
      ...rest,
    });
  }

  end(name: string, outcome: Outcome): string[] {
    return this.tell({ kind: 'record_outcome', at: this.at, ...this.fence(name), outcome });
  }

  fail(name: string, failure: Partial<Failure> = {}): string[] {
    const whole = { code: 'played', message: 'it failed', retryable: false, ...failure };
    return this.tell({ kind: 'record_failure', at: this.at, ...this.fence(name), failure: whole });
  }

  signal(name: string, signal_id: string, data: Json = {}, principal = 'ada', roles: string[] = []): string[] {
    const step_id = this.step(name).id;
    return this.tell({ kind: 'signal', at: this.at, step_id, signal_id, principal, roles, data });
  }

  operate(kind: 'pause' | 'resume' | 'cancel' | 'resolve'): string[] {
    return this.tell({ kind, at: this.at, by: 'tester', reason: 'played' });
  }

  retry(name: string): string[] {
    return this.tell({ kind: 'retry_step', at: this.at, step_id: this.step(name).id, by: 'tester', reason: 'played' });
  }

  resolveStep(name: string, result: Json, branch?: string[]): string[] {
    const act = { by: 'tester', reason: 'played', ...(branch === undefined ? {} : { branch }) };
    return this.tell({ kind: 'resolve_step', at: this.at, step_id: this.step(name).id, result, ...act });
  }

  fence(name: string) {
    const { id, attempt, activation } = this.step(name);
    return { step_id: id, attempt, activation };
  }

  step(name: string): StepState {
    const found = stepNamed(this.state, name);
    if (found === undefined) throw new Error(`there is no step ${name}`);
    return found;
  }

  get status(): string {
    return this.state.head.status;
  }

  /** `{a: 'complete', …}`: the steps that exist. */
  get steps(): Record<string, string> {
    return Object.fromEntries([...this.state.steps.values()].map((each) => [each.name, each.status]));
  }
}
