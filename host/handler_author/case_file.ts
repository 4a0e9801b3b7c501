import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import type { Capability } from '../../kernel/capability/types.ts';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { parseJsonText } from '../http/json_text.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { parseTemplateText } from '../template/parse.ts';
import { textOf } from '../text.ts';
import { BuildError } from '../toolchain/build_error.ts';
import { EXPECTED_SCHEMA, INPUT_SCHEMA } from './case_schema.ts';
import type { CannedWorld } from './native/canned_host.ts';

/** `cases/<name>/input.json`. */
export interface CaseInput extends Omit<CannedWorld, 'denied'> {
  readonly config: JsonObject;
  /** `{}` when absent. */
  readonly inputs?: JsonObject;
  readonly resume?: { readonly state: Json; readonly signals: readonly Json[]; readonly fired?: string };
  /** 1 when absent. */
  readonly attempt?: number;
}

/** `cases/<name>/expected.json`: the outcome in the kernel's form, or what is promised of the failure. */
export type CaseExpected =
  | { readonly outcome: JsonObject }
  | {
      readonly failure: {
        readonly code: string;
        /** Checked where it is given. */
        readonly message?: string;
        /** False when absent. */
        readonly retryable?: boolean;
        readonly retry_after_ms?: number;
        readonly details?: Json;
      };
    };

/** One case of a handler: a folder of `cases/`, or an example of its capability. */
export interface HandlerCase {
  /** The folder's name; `example: <title>`. */
  readonly name: string;
  readonly input: CaseInput;
  /** Absent for an example without a result: it is run only where that is enough. */
  readonly expected?: CaseExpected;
  /** Undefined for an example. */
  readonly folder?: string;
}

const compiler = hostSchemaCompiler();

/**
 * The cases of a handler's folder, sorted by name.
 * @param glob only those whose names match.
 * @throws BuildError with everything that is wrong in the files
 */
export function readCases(folder: string, glob = '*'): readonly HandlerCase[] {
  const root = join(folder, 'cases');
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = entries.map(({ name }) => name).filter((name) => matchesGlob(name, glob));
  const read = names.sort().map((name) => readCase(name, join(root, name)));
  const diagnostics = read.flatMap((each) => each.diagnostics);
  if (diagnostics.length > 0) throw new BuildError(diagnostics);
  return read.flatMap(({ found }) => found ?? []);
}

/** The examples of a capability as cases. */
export function exampleCases({ composition }: Capability, glob = '*'): readonly HandlerCase[] {
  return composition.examples
    .map(({ title, config, inputs, result }): HandlerCase => {
      const name = `example: ${title}`;
      // An example says the result, not by which outcome it comes.
      return {
        name,
        input: { config, inputs },
        ...(result === undefined ? {} : { expected: { outcome: { result } } }),
      };
    })
    .filter(({ name }) => glob === '*' || matchesGlob(name, glob));
}

function readCase(name: string, folder: string) {
  const input = readDocument(join(folder, 'input.json'), INPUT_SCHEMA);
  const expected = readDocument(join(folder, 'expected.json'), EXPECTED_SCHEMA);
  const diagnostics = [...input.diagnostics, ...expected.diagnostics];
  if (diagnostics.length > 0) return { diagnostics };
  const found: HandlerCase = {
    name,
    folder,
    input: input.document as unknown as CaseInput,
    expected: expected.document as unknown as CaseExpected,
  };
  return { diagnostics, found };
}

function readDocument(file: string, schema: JsonObject) {
  if (!existsSync(file)) {
    const problem = { pointer: '', message: 'is missing', suggestion: 'a case has an input.json and an expected.json' };
    return { diagnostics: [{ ...diagnose('case_invalid', problem), file }] };
  }
  const text = textOf(readFileSync(file), file);
  const { document, diagnostics } = parseDocument(text, file);
  if (document === undefined) return { diagnostics };
  const compiled = compiler.compile(schema);
  if (!compiled.ok) throw new Error(`the schema of cases does not compile: ${JSON.stringify(compiled.problems)}`);
  const problems = compiled.check(document);
  if (problems.length === 0) return { document, diagnostics: [] };
  const { locate } = parseTemplateText(text, { file });
  const placed = problems.map((problem) => ({
    ...diagnose('case_invalid', problem),
    file,
    ...locate(problem.pointer),
  }));
  return { diagnostics: placed };
}

/** Any JSON: a case may be about what templates could not hold. */
function parseDocument(text: string, file: string) {
  try {
    return { document: JSON.parse(text) as Json, diagnostics: [] };
  } catch {
    return { diagnostics: jsonProblems(text, file) };
  }
}

function jsonProblems(text: string, file: string): readonly Diagnostic[] {
  try {
    parseJsonText(text, { subject: file, file });
    return [];
  } catch (error) {
    if (error instanceof WeftError) return error.diagnostics;
    throw error;
  }
}
