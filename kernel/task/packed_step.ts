import type { StepState } from './state.ts';

/** What the workers of a batch, or the steps of a template with one handler, have in common. */
export type StepOrigin = Pick<StepState, 'pin' | 'provenance' | 'dependencies'>;

/** What a field is when it says nothing. */
type Quiet = 'inbox' | 'signal_ids' | 'unmet_dependencies' | 'activation' | 'attempts_forgiven';

/**
 * A step as a snapshot's JSON holds it: its origin by number, and without what says nothing. Measured on 25,000 workers,
 * that halves both the text and the time to parse it.
 */
export interface PackedStep extends Omit<StepState, keyof StepOrigin | Quiet>, Partial<Pick<StepState, Quiet>> {
  readonly origin: number;
}

/** Numbers the origins of steps, each distinct one once. */
export class Origins {
  readonly #numbers = new Map<string, number>();
  #fresh: StepOrigin[] = [];

  /** The number of a step's origin, counted from 0. */
  numberOf({ pin, provenance, dependencies }: StepState): number {
    const origin = { pin, provenance, dependencies };
    const key = JSON.stringify(origin);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#fresh.push(origin);
    return number;
  }

  /** Those that were numbered since the last call, in order. */
  take(): readonly StepOrigin[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** A step for JSON. */
export function packStep(step: StepState, origins: Origins): PackedStep {
  const { pin: _pin, provenance: _provenance, dependencies: _dependencies, ...own } = step;
  return {
    ...own,
    origin: origins.numberOf(step),
    unmet_dependencies: step.unmet_dependencies || undefined,
    activation: step.activation || undefined,
    attempts_forgiven: step.attempts_forgiven || undefined,
    inbox: step.inbox.length === 0 ? undefined : step.inbox,
    signal_ids: step.signal_ids.length === 0 ? undefined : step.signal_ids,
  } as PackedStep;
}

/** The step that was packed, every field there and in the order of `stepOf`. Spelled out: a spread takes four times as long. */
export function unpackStep(packed: PackedStep, origins: readonly StepOrigin[]): StepState {
  const { pin, provenance, dependencies } = origins[packed.origin]!;
  const step: { [K in keyof Required<StepState>]: StepState[K] } = {
    id: packed.id,
    name: packed.name,
    template_index: packed.template_index,
    status: packed.status,
    pin,
    provenance,
    dependencies,
    unmet_dependencies: packed.unmet_dependencies ?? 0,
    attempt: packed.attempt,
    activation: packed.activation ?? 0,
    attempts_forgiven: packed.attempts_forgiven ?? 0,
    created_at: packed.created_at,
    enqueued_at: packed.enqueued_at,
    settled_at: packed.settled_at,
    result: packed.result,
    branch: packed.branch,
    failure: packed.failure,
    retry_at: packed.retry_at,
    retry_due: packed.retry_due,
    suspension: packed.suspension,
    resume: packed.resume,
    inbox: packed.inbox ?? [],
    signal_ids: packed.signal_ids ?? [],
    receipt: packed.receipt,
    resolved: packed.resolved,
    share: packed.share,
    batch: packed.batch,
    dead_letter: packed.dead_letter,
    plan: packed.plan,
  };
  return step;
}
