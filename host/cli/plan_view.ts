import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { localName } from '../../kernel/reference/names.ts';
import type { EventOf, PlanEvent } from '../../kernel/task/events.ts';
import type { TemplateGraph } from '../../kernel/template/graph.ts';
import type { NumberedEvent, StepView, TaskView } from '../orchestrator/port.ts';
import { GRAPH_RENDERERS } from '../template/render_graph.ts';
import { fields } from './fields.ts';
import { durationText } from './format.ts';
import { type Paint, printable } from './io.ts';

/** A planning step as `weft plan show` tells it. */
export interface PlanView {
  readonly task_id: string;
  readonly step: string;
  readonly status: string;
  readonly failure: JsonObject | null;
  /** Every call of a planner, oldest first. */
  readonly calls: readonly CallView[];
  /** The plan that became steps. */
  readonly accepted: {
    readonly fragment_id: string;
    /** Digest of its text: `GET /v1/blobs/{digest}`. */
    readonly fragment: string;
    readonly bounds: JsonObject;
    readonly graph: TemplateGraph;
    readonly steps: readonly { readonly name: string; readonly status: string; readonly reasoning: string | null }[];
  } | null;
}

interface CallView {
  readonly call: number;
  readonly attempt: number;
  readonly planner: string | null;
  readonly model: string | null;
  /** Digests of what was asked and answered; null while, or since, no answer was recorded. */
  readonly prompt: string | null;
  readonly answer: string | null;
  readonly stop_reason: string | null;
  readonly usage: EventOf<'plan_answered'>['usage'] | null;
  readonly latency_ms: number | null;
  readonly verdict: 'accepted' | 'refused' | 'gave up' | 'lost' | 'open';
  readonly diagnostics: readonly Diagnostic[];
}

/** Tells what became of a planning step, from the task and its journal. */
export function planView(task: TaskView, step: StepView, journal: readonly NumberedEvent[]): PlanView {
  const events = journal
    .map(({ event }) => event)
    .filter(
      (event): event is PlanEvent =>
        event.kind.startsWith('plan_') && 'call' in event && event.step_id === step.step_id,
    );
  const calls = Map.groupBy(events, (event) => (event as EventOf<'plan_answered'>).call);
  const accepted = events.find((event) => event.kind === 'plan_accepted');
  return {
    task_id: task.task_id,
    step: step.name,
    status: step.status,
    failure: step.failure,
    calls: [...calls].map(([call, own]) => callView(call, own)),
    accepted: accepted === undefined ? null : acceptedView(task, accepted),
  };
}

function callView(call: number, events: readonly PlanEvent[]): CallView {
  const of = <K extends PlanEvent['kind']>(kind: K) =>
    events.find((event): event is Extract<PlanEvent, { kind: K }> => event.kind === kind);
  const [requested, answered, rejected] = [of('plan_requested'), of('plan_answered'), of('plan_rejected')];
  const { attempt } = events[0] as EventOf<'plan_answered'>;
  const verdict =
    of('plan_accepted') !== undefined
      ? 'accepted'
      : rejected !== undefined
        ? 'refused'
        : of('plan_call_lost') !== undefined
          ? 'lost'
          : of('plan_fell_back') !== undefined
            ? 'gave up'
            : 'open';
  return {
    call,
    attempt,
    planner: requested?.planner ?? null,
    model: requested?.model ?? null,
    prompt: requested?.prompt.blob ?? null,
    answer: answered?.answer.blob ?? null,
    stop_reason: answered?.stop_reason ?? null,
    usage: answered?.usage ?? null,
    latency_ms: answered?.latency_ms ?? null,
    verdict,
    // Many of them may stand apart from the journal.
    diagnostics: Array.isArray(rejected?.diagnostics) ? rejected.diagnostics : [],
  };
}

function acceptedView(task: TaskView, event: EventOf<'plan_accepted'>): NonNullable<PlanView['accepted']> {
  const { fragment_id } = event;
  const steps = task.steps.filter(({ planned, name }) => planned?.fragment_id === fragment_id && !name.endsWith(']'));
  const names = new Set(steps.map(({ name }) => name));
  return {
    fragment_id,
    fragment: event.fragment.blob,
    bounds: event.bounds,
    steps: steps.map(({ name, status, planned }) => ({ name, status, reasoning: planned!.reasoning })),
    graph: {
      name: fragment_id,
      version: '1.0',
      nodes: steps.map(({ name, type, handler }) => ({
        name: localName(name),
        type,
        handler: handler.name,
        gated: false,
      })),
      edges: steps.flatMap(({ name, type, dependencies }) =>
        dependencies
          .filter((dependency) => names.has(dependency))
          .map((dependency) => ({
            from: localName(dependency),
            to: localName(name),
            kind: type === 'deferred' ? ('deferred' as const) : ('dependency' as const),
          })),
      ),
    },
  };
}

/** A planning step for people: each call with what was wrong with its answer, then the plan and its graph. */
export function renderPlan({ step, task_id, status, failure, calls, accepted }: PlanView, paint: Paint): string {
  const head = fields(
    [
      ['step', printable(`${step} of ${task_id}`)],
      ['status', status],
      ...(failure === null ? [] : [['failure', printable(`${failure['code']}: ${failure['message']}`)]]),
      ...(accepted === null ? [] : [['bounds', printable(boundsText(accepted.bounds))]]),
    ],
    paint,
  );
  const called = calls.map((call) => {
    const { input_tokens = 0, output_tokens = 0, cost_usd = 0 } = call.usage ?? {};
    const who = [call.planner, call.model].filter((each) => each !== null).join(', ') || 'unknown';
    const spent = call.usage === null ? '' : `, ${input_tokens} + ${output_tokens} tokens, $${cost_usd}`;
    const took = call.latency_ms === null ? '' : `, ${durationText(call.latency_ms)}`;
    const problems = call.diagnostics.map(({ code, pointer, message, suggestion }) =>
      printable(`    ${code} ${pointer || '/'}: ${message}${suggestion === undefined ? '' : ` — ${suggestion}`}`),
    );
    return [`call ${call.call}: ${call.verdict} (${printable(who)}${spent}${took})`, ...problems].join('\n');
  });
  const steps = (accepted?.steps ?? []).map(({ name, status: at, reasoning }) =>
    printable(`${name} ${at}${reasoning === null ? '' : `: ${reasoning}`}`),
  );
  const graph = accepted === null ? '' : `\n${GRAPH_RENDERERS.text(accepted.graph)}`;
  return `${head}\n${[...called, ...(steps.length === 0 ? [] : ['', ...steps])].join('\n')}\n${graph}`;
}

function boundsText({ steps, depth, fan_out, calls, cost_usd }: JsonObject): string {
  return `at most ${steps} steps, ${depth} deep, ${fan_out} wide, ${calls} runs, $${cost_usd}`;
}
