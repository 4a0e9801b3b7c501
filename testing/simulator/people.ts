import type { Command } from '../../kernel/task/commands.ts';
import { choicesOf } from '../../kernel/task/creation.ts';
import type { StepStatus } from '../../kernel/task/events.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import type { Random } from './random.ts';
import type { Temper } from './temper.ts';
import { drawItems } from './workers.ts';

/** Who does something, when and why. */
interface Act {
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** Something that somebody tries at any time, whether it makes sense then or not. */
export function interfere(random: Random, temper: Temper, state: TaskState, at: number): Command {
  const act = { at, by: 'operator', reason: 'simulated' };
  if (random.chance(temper.end)) return { kind: random.pick(['cancel', 'resolve'] as const), ...act };
  const steps = [...state.steps.values()];
  const anyone = random.pick(steps);
  const failed = drawIn(random, steps, ['error', 'waiting_for_retry']) ?? anyone;
  const asking = drawIn(random, steps, ['waiting_for_input']) ?? anyone;
  return random.pick<() => Command>([
    () => ({ kind: 'pause', ...act }),
    () => ({ kind: 'resume', ...act }),
    () => ({ kind: 'worker_available', at }),
    () => ({ kind: 'retry_step', step_id: random.pick([failed, anyone]).id, ...act }),
    () => signalTo(random.pick([asking, anyone]), `signal ${random.below(6)}`, at),
    () => signalTo(asking, `signal ${random.below(6)}`, at),
    () => resolution(random, state, random.chance(0.2) ? anyone : failed, act),
    () => lookInto(random, random.pick([failed, anyone]), act),
  ])();
}

/** What somebody does when nothing moves any more, so that every task can end; undefined while there is time to pass. */
export function unblock(random: Random, state: TaskState, at: number): Command | undefined {
  const act = { at, by: 'operator', reason: 'nothing moves' };
  if (state.head.paused) return { kind: 'resume', ...act };
  const steps = [...state.steps.values()];
  const asking = steps.find(({ status }) => status === 'waiting_for_input');
  if (asking !== undefined) return signalTo(asking, `signal at ${at}`, at);
  const failed = steps.find(
    (step) => step.status === 'error' && compiledOf(state, step).definition.on_failure === 'block' && !isWorker(step),
  );
  if (failed === undefined) return undefined;
  // A task whose steps always fail ends by hand.
  const canRetry = failed.attempts_forgiven < 20 && random.chance(0.5);
  return canRetry ? { kind: 'retry_step', step_id: failed.id, ...act } : resolution(random, state, failed, act);
}

/** What becomes of a step that does not go on: it is found, somebody writes notes, it is taken up or given up. */
function lookInto(random: Random, step: StepState, act: Act): Command {
  const { id: step_id, attempt, activation } = step;
  const fence = { at: act.at, step_id, attempt, activation };
  return random.pick<Command>([
    { kind: 'mark_stuck', since: act.at - 1_000, ...fence },
    { kind: 'record_taken', broker: 'somebody', ...fence },
    { kind: 'note_dead_letter', at: act.at, step_id, by: act.by, text: 'looked at' },
    { kind: 'close_dead_letter', step_id, ...act },
  ]);
}

function resolution(random: Random, state: TaskState, step: StepState, act: Act): Command {
  const { type } = compiledOf(state, step).definition;
  const items = drawItems(random, 3);
  return {
    kind: 'resolve_step',
    step_id: step.id,
    // What some planning steps promise.
    result: type === 'batchable' ? { items } : type === 'planning' ? { never: true } : { of: { step_id: step.id } },
    ...(type === 'decision' ? { branch: random.some(choicesOf(state, step), 0.5) } : {}),
    ...(type === 'batchable' ? { items } : {}),
    ...act,
  };
}

function signalTo({ id }: StepState, signal_id: string, at: number): Command {
  return {
    kind: 'signal',
    at,
    step_id: id,
    signal_id,
    principal: 'someone',
    roles: [],
    data: { approved: at % 3 !== 0 },
  };
}

function drawIn(random: Random, steps: readonly StepState[], statuses: readonly StepStatus[]): StepState | undefined {
  const among = steps.filter(({ status }) => statuses.includes(status));
  return among.length === 0 ? undefined : random.pick(among);
}

function isWorker({ share }: StepState): boolean {
  return share !== undefined;
}
