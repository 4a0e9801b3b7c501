import type { Json, Signal } from '../guest/index.ts';
import { isAsked, settle } from './criteria.ts';
import type { Decision, GateConfig, GateState, Level, Verdict, Vote } from './types.ts';

/** What a wake brings. */
export interface Wake {
  readonly now_ms: number;
  readonly signals: readonly Signal[];
  /** Name of the deadline that fired, when one did. */
  readonly fired: string | null;
}

/** Either what to keep and wait with, or the end. */
export type Step = { readonly state: GateState } | { readonly verdict: Verdict };

/** The audiences in the order in which they are asked; never empty. */
export function levelsOf(config: GateConfig): readonly [Level, ...Level[]] {
  return [config, ...(config.escalation ?? [])];
}

/** When a level's time is over, in milliseconds since 1970; undefined when it never is. */
export function dueAt({ timeout_ms }: Level, state: GateState): number | undefined {
  return timeout_ms === undefined ? undefined : state.asked_at_ms + timeout_ms;
}

/** The gate as it opens. */
export function open(now_ms: number): GateState {
  return { level: 0, asked_at_ms: now_ms, votes: [], reminders: 0 };
}

/**
 * What a wake makes of a gate: decisions count in the order they came, one at a time, until one settles it; what comes
 * later changes nothing. A decision recorded after a level's time was over belongs to the next level, which is asked
 * from the moment the gate notices, so that nobody loses time to a gate that was asleep.
 */
export function advance(config: GateConfig, state: GateState, wake: Wake): Step {
  const due_ms = dueAt(levelAt(config, state), state);
  let isOver = due_ms !== undefined && (wake.fired === 'timeout' || wake.now_ms >= due_ms);
  let step: Step = { state };
  for (const signal of wake.signals) {
    if (isOver && signal.at_ms > due_ms!) {
      step = timeOut(config, step.state, due_ms!, wake.now_ms);
      isOver = false;
    }
    if ('verdict' in step) return step;
    step = cast(config, step.state, signal);
    if ('verdict' in step) return step;
  }
  if (isOver) step = timeOut(config, step.state, due_ms!, wake.now_ms);
  if ('verdict' in step) return step;
  // A reminder of the level that just ended says nothing about the next one.
  const fired = step.state.level === state.level ? wake.fired : null;
  return { state: reminded(config, step.state, { ...wake, fired }) };
}

function levelAt(config: GateConfig, { level }: GateState): Level {
  return levelsOf(config)[level]!;
}

function cast(config: GateConfig, state: GateState, signal: Signal): Step {
  const { principal, roles, at_ms, reason } = signal;
  if (!isAsked(levelAt(config, state), signal)) return { state };
  const said = signal.data as { readonly decision: Decision; readonly comment?: string; readonly data?: Json };
  const vote: Vote = {
    principal,
    roles,
    at_ms,
    decision: said.decision,
    comment: said.comment ?? reason ?? null,
    data: said.data ?? null,
    level: state.level,
  };
  return count(config, { ...state, votes: [...state.votes.filter((other) => other.principal !== principal), vote] });
}

/** Settles the gate when the votes of those whom the present level asks do. */
function count(config: GateConfig, state: GateState): Step {
  const level = levelAt(config, state);
  const settlement = settle(
    level,
    state.votes.filter((vote) => isAsked(level, vote)),
  );
  const last = settlement?.by.at(-1);
  if (settlement === undefined || last === undefined) return { state };
  return {
    verdict: {
      decision: settlement.decision,
      decided_by: settlement.by.map((vote) => vote.principal),
      decided_at_ms: last.at_ms,
      comment: last.comment,
      data: last.data,
      decisions: state.votes,
      level: state.level,
      timed_out: false,
    },
  };
}

function timeOut(config: GateConfig, state: GateState, due_ms: number, now_ms: number): Step {
  if (config.on_timeout === 'escalate' && state.level < levelsOf(config).length - 1) {
    return count(config, { ...state, level: state.level + 1, asked_at_ms: now_ms, reminders: 0 });
  }
  return {
    verdict: {
      decision: config.on_timeout === 'escalate' ? config.on_last_timeout : config.on_timeout,
      decided_by: [],
      decided_at_ms: due_ms,
      comment: null,
      data: null,
      decisions: state.votes,
      level: state.level,
      timed_out: true,
    },
  };
}

function reminded(config: GateConfig, state: GateState, { now_ms, fired }: Wake): GateState {
  const moments = remindersOf(levelAt(config, state), state);
  const due = moments.filter((moment) => moment <= now_ms).length;
  // The host's clock may be coarser than its timer: what fired is due.
  const least = fired === 'reminder' ? state.reminders + 1 : state.reminders;
  return { ...state, reminders: Math.min(Math.max(due, least), moments.length) };
}

/** The moments at which a level is reminded, oldest first, in milliseconds since 1970. */
export function remindersOf(level: Level, state: GateState): readonly number[] {
  const due_ms = dueAt(level, state) ?? Number.POSITIVE_INFINITY;
  return level.reminders_ms
    .map((after_ms) => state.asked_at_ms + after_ms)
    .filter((moment) => moment < due_ms)
    .sort((a, b) => a - b);
}
