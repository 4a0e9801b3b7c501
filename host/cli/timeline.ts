import type { Json, JsonObject } from '../../kernel/json.ts';
import type { CreatedStep, EventOf, Failure, StepEvent, TaskEvent } from '../../kernel/task/events.ts';
import { durationText, elapsedText, timeText } from './format.ts';
import { type Paint, plain, printable } from './io.ts';

interface Step {
  readonly name: string;
  /** When the current attempt was first dispatched. */
  started_at: number;
  state: 'pending' | 'running' | 'waiting' | 'settled';
}

const SETTLED_COLORS: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  complete: 'green',
  resolved_manually: 'green',
  error: 'red',
  cancelled: 'yellow',
};

/**
 * A task's events as a story: one line for each that people care about, with the time since the task was created.
 *
 *     0.004  ▸ fetch_orders
 *     0.240  ✔ fetch_orders    236 ms
 *     0.241  ↻ post_result     503 from the server (http_status); attempt 2 in 1.2 s
 */
export class Timeline {
  readonly #paint: Paint;
  readonly #steps = new Map<string, Step>();
  #started_at = 0;
  #nameWidth = 8;

  constructor(paint: Paint = plain) {
    this.#paint = paint;
  }

  /** The next event's line, or nothing. Events come in order. */
  line(event: TaskEvent): string | undefined {
    if (event.kind === 'task_created') this.#started_at = event.at;
    if (event.kind === 'steps_created') for (const step of event.steps) this.#add(step, event.at);
    const said = 'step_id' in event ? this.#ofStep(event) : this.#ofTask(event);
    if (said === undefined) return undefined;
    const time = elapsedText(event.at - this.#started_at).padStart(9);
    return `${this.#paint('dim', time)}  ${said.trimEnd()}`;
  }

  /** What goes on at a moment, in a line: `2 running (fetch, check), 1 waiting, 4 of 9 settled`. */
  status(now: number): string {
    const all = [...this.#steps.values()];
    const inState = (state: Step['state']): readonly Step[] => all.filter((step) => step.state === state);
    const running = inState('running');
    const names = running.slice(0, 3).map(({ name }) => printable(name));
    const more = running.length > names.length ? ', …' : '';
    const waiting = inState('waiting').length;
    return [
      elapsedText(Math.max(0, now - this.#started_at)),
      ...(running.length === 0 ? [] : [`${running.length} running (${names.join(', ')}${more})`]),
      ...(waiting === 0 ? [] : [`${waiting} waiting`]),
      `${inState('settled').length} of ${all.length} settled`,
    ].join(' · ');
  }

  #add({ id, name }: CreatedStep, at: number): void {
    this.#steps.set(id, { name, started_at: at, state: 'pending' });
    this.#nameWidth = Math.min(32, Math.max(this.#nameWidth, name.length));
  }

  #ofTask(event: Exclude<TaskEvent, StepEvent>): string | undefined {
    switch (event.kind) {
      case 'task_created': {
        const { name, version } = event.template;
        return `${this.#paint('bold', printable(`${name} ${version}`))}  ${this.#paint('dim', printable(event.task_id))}`;
      }
      case 'task_status_changed':
        return this.#statusChanged(event);
      case 'task_paused':
        return this.#act('yellow', 'paused', event);
      case 'task_resumed':
        return this.#act('green', 'resumed', event);
      case 'task_cancel_requested':
        return this.#act('yellow', 'cancelled', event);
      case 'task_resolve_requested':
        return this.#act('green', 'accepted as it is', event);
      default:
        return undefined;
    }
  }

  #statusChanged({ to, at, reason }: EventOf<'task_status_changed'>): string | undefined {
    const color = SETTLED_COLORS[to];
    const why = reason === undefined ? '' : `: ${printable(reason)}`;
    if (color !== undefined) {
      const took = durationText(at - this.#started_at);
      return `${this.#paint(color, `■ ${to}`)}${why}  ${this.#steps.size} ${this.#steps.size === 1 ? 'step' : 'steps'} in ${took}`;
    }
    if (to !== 'blocked_by_failures') return undefined;
    return `${this.#paint('red', '■ blocked')}: a failed step holds the rest back`;
  }

  #ofStep(event: StepEvent): string | undefined {
    const step = this.#steps.get(event.step_id) ?? { name: event.step_id, started_at: event.at, state: 'pending' };
    this.#steps.set(event.step_id, step);
    switch (event.kind) {
      case 'step_enqueued':
        return this.#enqueued(step, event);
      case 'step_completed': {
        step.state = 'settled';
        const chose = event.branch === undefined ? '' : `  → ${event.branch.map(printable).join(', ') || 'nothing'}`;
        return this.#step('green', '✔', step, `${durationText(event.at - step.started_at)}${chose}`);
      }
      case 'step_retry_scheduled': {
        step.state = 'waiting';
        const next = `attempt ${event.attempt + 1} in ${durationText(Math.max(0, event.retry_at - event.at))}`;
        return this.#step('yellow', '↻', step, `${failureText(event.failure)}; ${next}`);
      }
      case 'step_errored':
        step.state = 'settled';
        return this.#step('red', '✖', step, failureText(event.failure));
      case 'step_suspended':
        step.state = 'waiting';
        return this.#step('cyan', '◆', step, `waits: ${requestText(event.request)}${deadlineText(event)}`);
      case 'step_signalled':
        return this.#step('cyan', '✎', step, signalText(event));
      case 'step_deadline_fired':
        return this.#step('cyan', '◷', step, `the time for "${printable(event.name)}" has come`);
      case 'step_waiting_for_worker':
        step.state = 'waiting';
        return this.#step('yellow', '◌', step, 'waits for a worker that has its handler');
      case 'step_cancelled':
        step.state = 'settled';
        return this.#step('yellow', '⊘', step, 'cancelled');
      case 'step_resolved_manually':
        step.state = 'settled';
        return this.#step('green', '✔', step, `resolved by ${printable(event.by)}: ${printable(event.reason)}`);
      case 'step_retried_by_operator':
        step.state = 'pending';
        return this.#step('yellow', '↻', step, `retried by ${printable(event.by)}: ${printable(event.reason)}`);
      case 'dead_letter_opened':
        if (event.reason !== 'stuck') return undefined;
        return this.#step('red', '✉', step, `stuck: ${printable(event.message)}`);
      case 'dead_letter_noted':
        return this.#step('cyan', '✎', step, `noted by ${printable(event.by)}: ${printable(event.text)}`);
      case 'dead_letter_closed':
        return this.#step('green', '✉', step, `closed by ${printable(event.by)}: ${printable(event.reason)}`);
      default:
        return undefined;
    }
  }

  #enqueued(step: Step, { activation, attempt, at }: EventOf<'step_enqueued'>): string | undefined {
    const wakes = step.state === 'waiting' && activation > 0;
    step.state = 'running';
    if (wakes) return undefined;
    step.started_at = at;
    return this.#step('blue', '▸', step, attempt > 1 ? `attempt ${attempt}` : '');
  }

  #step(color: 'green' | 'red' | 'yellow' | 'cyan' | 'blue', sign: string, { name }: Step, text: string): string {
    return `${this.#paint(color, sign)} ${printable(name).padEnd(this.#nameWidth)}  ${text}`;
  }

  #act(color: 'green' | 'yellow', done: string, { by, reason }: { by: string; reason: string }): string {
    return `${this.#paint(color, `‖ ${done}`)} by ${printable(by)}: ${printable(reason)}`;
  }
}

/** A failure in a line: `503 from the server (http_status)`. */
export function failureText({ message, code }: Pick<Failure, 'message' | 'code'>): string {
  return `${printable(message)} (${printable(code)})`;
}

/** What a waiting step asks, and whom: `Approve 7000? (asks role:manager)`. */
export function requestText({ title, audience }: JsonObject): string {
  const asks = Array.isArray(audience) && audience.length > 0 ? ` (asks ${audience.map(wordOf).join(', ')})` : '';
  return `${wordOf(title)}${asks}`;
}

function deadlineText({ deadlines }: EventOf<'step_suspended'>): string {
  const first = deadlines.toSorted((a, b) => a.at - b.at)[0];
  return first === undefined ? '' : `, "${printable(first.name)}" at ${timeText(first.at)}`;
}

function signalText({ signal: { principal, data, reason } }: EventOf<'step_signalled'>): string {
  const decision = isObject(data) && typeof data['decision'] === 'string' ? `: ${printable(data['decision'])}` : '';
  return `answered by ${printable(principal)}${decision}${reason === undefined ? '' : ` — ${printable(reason)}`}`;
}

function wordOf(value: Json | undefined): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
