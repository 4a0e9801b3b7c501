import {
  type Diagnostic,
  didYouMean,
  type Json,
  type JsonObject,
  type ModelContent,
  type ModelMessage,
  type PlanFeedback,
  type PlanRequest,
} from '../../../kernel/index.ts';
import { asData } from './as_data.ts';
import type { Describe } from './catalog_text.ts';
import { DESCRIBE, FRAGMENT_FORM, questionIn, SUBMIT } from './tools.ts';

/** Problems of one answer that are repeated to the model. */
const DIAGNOSTICS_MAX = 50;
/** Of an answer that was no fragment. */
const PROSE_LENGTH_MAX = 4_000;

/**
 * The conversation of one planning step so far, as messages: what is asked, then every answer with what became of it.
 * It is made anew for each call from what was recorded, and the same request gives the same messages. What changes from
 * call to call, as what is left of the budget, comes last.
 */
export function messagesOf(request: PlanRequest, describe: Describe): readonly ModelMessage[] {
  const turns = request.feedback.flatMap((feedback) => turnsOf(feedback, request, describe));
  const [first, ...rest] = [{ role: 'user', content: [text(taskText(request))] } as ModelMessage, ...turns];
  const all = [first!, ...rest];
  const last = all.at(-1)!;
  return [...all.slice(0, -1), { ...last, content: [...last.content, text(stateText(request))] }];
}

const text = (value: string): ModelContent => ({ kind: 'text', text: value });

function taskText({ goal, context, constraints }: PlanRequest): string {
  const { bounds, output_schema, egress, secrets } = constraints;
  const rules = { bounds, egress: egress as unknown as Json, secrets, output_schema };
  const data = context.map(({ reference, form, size, value }) =>
    asData({ reference: `\${${reference}}`, form, json_length: size, [SHOWN_AS[form]]: value }),
  );
  return [
    `<goal>\n${asData(goal)}\n</goal>`,
    `<constraints>\n${asData(rules as unknown as Json)}\n</constraints>`,
    `<task_data>\n${data.join('\n')}\n</task_data>`,
  ].join('\n\n');
}

/** What stands in the place of a value that is not shown whole must not be taken for it. */
const SHOWN_AS = { verbatim: 'value', summary: 'shape_with_samples', reference: 'only_its_outline' } as const;

/** Without the time, which is different for each call and would keep a recording from fitting. */
function stateText({ constraints: { remaining, attempts } }: PlanRequest): string {
  const { wall_clock_ms: _, ...left } = remaining;
  const state = { remaining_budget: left, attempt: attempts.current, attempts_max: attempts.max };
  return `<state>\n${asData(state as unknown as Json)}\n</state>\nCall ${SUBMIT} with the whole fragment.`;
}

function turnsOf(feedback: PlanFeedback, request: PlanRequest, describe: Describe): readonly ModelMessage[] {
  const answer = parse(feedback.answer);
  const id = `call_${feedback.call}`;
  const asked = questionIn(answer);
  if (asked !== undefined) {
    const use: ModelContent = { kind: 'tool_use', id, name: DESCRIBE, input: { names: asked } };
    return turn(use, { kind: 'tool_result', id, text: described(asked, request, describe) });
  }
  const problems = problemText(feedback.diagnostics);
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    const use: ModelContent = { kind: 'tool_use', id, name: SUBMIT, input: FRAGMENT_FORM.lower(answer) };
    return turn(use, { kind: 'tool_result', id, text: problems, is_error: true });
  }
  // Providers take no empty text.
  const said = feedback.answer.trim().slice(0, PROSE_LENGTH_MAX).toWellFormed() || '(nothing)';
  return turn(text(said), text(problems));
}

function turn(said: ModelContent, became: ModelContent): readonly ModelMessage[] {
  return [
    { role: 'assistant', content: [said] },
    { role: 'user', content: [became] },
  ];
}

function described(names: readonly string[], { catalog }: PlanRequest, describe: Describe): string {
  const offered = new Map(catalog.map((entry) => [String(entry['name']), entry]));
  const lines = [...new Set(names)].sort().map((name): JsonObject => {
    const entry = offered.get(name);
    if (entry !== undefined) return describe(name) ?? entry;
    const problem = `the catalog has no handler ${JSON.stringify(name)}`;
    return {
      name,
      problem,
      suggestion: didYouMean(name, offered.keys()) ?? `there are: ${[...offered.keys()].join(', ')}`,
    };
  });
  return lines.map(asData).join('\n');
}

function problemText(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const lines = errors.slice(0, DIAGNOSTICS_MAX).map(({ code, pointer, message, expected, got, suggestion }) =>
    asData({
      code,
      pointer,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(got === undefined ? {} : { got }),
      ...(suggestion === undefined ? {} : { suggestion }),
    }),
  );
  const more = errors.length - lines.length;
  return [
    `Refused, with ${errors.length} problem(s). Pointers are into the fragment with maps as maps.`,
    ...lines,
    ...(more > 0 ? [`… and ${more} more`] : []),
  ].join('\n');
}

function parse(answer: string): Json | undefined {
  try {
    return JSON.parse(answer) as Json;
  } catch {
    return undefined;
  }
}
