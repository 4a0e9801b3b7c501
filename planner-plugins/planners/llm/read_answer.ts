import type { Json, JsonObject, ModelAnswer, ModelContent, PlanAnswer } from '../../../kernel/index.ts';
import { DESCRIBE, FRAGMENT_FORM, questionText, SUBMIT } from './tools.ts';

/**
 * What a model's answer comes to: the text of a fragment, a question for handlers (`asks`), or what it said instead,
 * which the engine then refuses with the reason. Several submissions are a list of them, since none is the one; a
 * submission beside questions goes first.
 */
export function readAnswer({ content, stop_reason }: ModelAnswer): Pick<PlanAnswer, 'text' | 'stop_reason' | 'asks'> {
  const calls = content.filter((each) => each.kind === 'tool_use');
  const submitted = calls.filter(({ name }) => name === SUBMIT).map(({ input }) => submissionOf(input));
  // An answer that was cut off or declined is never taken for a plan, however whole it looks.
  if (stop_reason === 'max_tokens' || stop_reason === 'refusal') return { text: saidIn(content), stop_reason };
  if (submitted.length > 0) {
    return { text: submitted.length === 1 ? submitted[0]! : `[${submitted.join(',')}]`, stop_reason: 'end' };
  }
  const names = calls.filter(({ name }) => name === DESCRIBE).flatMap(({ input }) => namesIn(input));
  if (names.length > 0) return { text: questionText([...new Set(names)]), stop_reason: 'end', asks: true };
  return { text: saidIn(content), stop_reason: 'end' };
}

/** Arguments that are no JSON stay as they came. */
function submissionOf(input: Json): string {
  return typeof input === 'string' ? input : JSON.stringify(FRAGMENT_FORM.raise(input));
}

function namesIn(input: Json): readonly string[] {
  const names = typeof input === 'object' && input !== null ? (input as JsonObject)['names'] : undefined;
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

function saidIn(content: readonly ModelContent[]): string {
  return content
    .map((each) => {
      if (each.kind === 'tool_use') return `${each.name}(${JSON.stringify(each.input)})`;
      return each.text;
    })
    .join('\n');
}
