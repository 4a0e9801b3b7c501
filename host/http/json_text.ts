import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { decodeText } from '../text.ts';
import { type JsonProblem, scanJson } from './json_scan.ts';

/** What a JSON text is called in errors. */
export interface JsonTextName {
  /** As the start of a sentence: `the request body`. */
  readonly subject: string;
  readonly file?: string;
}

/**
 * Parses JSON that came from outside, strictly: see `scanJson`. Bytes have to be UTF-8.
 * @throws json_invalid with a diagnostic for each problem, each with its line and column
 */
export function parseJsonText(source: string | Uint8Array, name: JsonTextName): Json {
  const text = typeof source === 'string' ? source : decodeText(source);
  if (text === undefined) throw refusal([{ offset: 0, message: 'the text is not UTF-8' }], '', name);
  const problems = scanJson(text);
  if (problems.length > 0) throw refusal(problems, text, name);
  return JSON.parse(text) as Json;
}

function refusal(problems: readonly JsonProblem[], text: string, name: JsonTextName): WeftError {
  const diagnostics = problems.map((problem) => diagnosticOf(problem, text, name));
  return new WeftError('json_invalid', { subject: name.subject, count: diagnostics.length }, { diagnostics });
}

function diagnosticOf({ offset, message, suggestion }: JsonProblem, text: string, { file }: JsonTextName): Diagnostic {
  const before = text.slice(0, offset);
  return {
    code: 'json_invalid',
    severity: 'error',
    stage: 'syntax',
    pointer: '',
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(file === undefined ? {} : { file }),
    line: before.split('\n').length,
    column: offset - before.lastIndexOf('\n'),
  };
}
