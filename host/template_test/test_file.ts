import { readFile } from 'node:fs/promises';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Failure, StepStatus, TaskStatus } from '../../kernel/task/events.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { type ParsedTemplate, parseTemplateText } from '../template/parse.ts';
import { TEST_SCHEMA } from './test_schema.ts';

/** How a mocked attempt ends. */
export type CannedOutcome =
  | { readonly result: Json; readonly branch?: readonly string[] }
  | CannedItems
  | { readonly failure: Partial<Failure> & Pick<Failure, 'code'> };

/** What a mocked fan-out gives. */
export interface CannedItems {
  /** One for each worker. */
  readonly items: readonly Json[];
  /** 0, without a limit, when absent. */
  readonly max_concurrency?: number;
  readonly tolerance?: { readonly count?: number | null; readonly percentage?: number | null };
  /** What the handler `fan_out` gives when absent. */
  readonly result?: Json;
}

/** A decision of somebody at a gate. */
export interface CannedSignal {
  readonly by: string;
  readonly roles?: readonly string[];
  readonly data: Json;
  /** From when the step began to wait; 0 when absent. */
  readonly after_ms?: number;
}

/** Which workers of a batch are meant; all when nothing is said. */
export interface WorkerName {
  readonly index?: number | readonly number[];
  /** Of objects only the keys that are named. */
  readonly item?: Json;
}

/** What a test says of some workers, in place of what it says of all. */
export interface WorkerScript extends WorkerName {
  readonly outcomes?: readonly CannedOutcome[];
  readonly signals?: readonly CannedSignal[];
}

/** What a test says of a step; of the worker of a batch it is said of each. */
export interface StepScript {
  /** One for each attempt. Absent: the handler itself runs, if it needs no network. */
  readonly outcomes?: readonly CannedOutcome[];
  /** Sent one after the other while the step waits. */
  readonly signals?: readonly CannedSignal[];
  /** Of the worker of a batch: the first entry that names a worker counts. */
  readonly workers?: readonly WorkerScript[];
}

/** What some workers must have come to. */
export interface ExpectedWorker extends WorkerName {
  readonly status?: StepStatus;
  readonly attempt?: number;
  readonly result?: Json;
  readonly failure?: JsonObject;
  readonly config?: Json;
  readonly inputs?: Json;
}

/** What a step must have come to; what is not named may be anything. */
export interface ExpectedStep {
  readonly status?: StepStatus | 'absent';
  readonly attempt?: number;
  readonly result?: Json;
  readonly branch?: readonly string[];
  readonly failure?: JsonObject;
  readonly config?: Json;
  readonly inputs?: Json;
  /** Of a batch: `{index, status, result | error}` of each worker, as the steps after it see them. */
  readonly results?: readonly Json[];
  /** Of a batch: how many workers there are of each status; `total` is of all. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Of a batch. */
  readonly workers?: readonly ExpectedWorker[];
}

/** A test of a template. */
export interface TemplateTest {
  readonly description?: string;
  readonly context: JsonObject;
  readonly steps: Readonly<Record<string, StepScript>>;
  readonly expect: {
    readonly status: TaskStatus;
    readonly steps: Readonly<Record<string, ExpectedStep>>;
    /** Exactly the steps that were started, in any order; a batch when one of its workers was. */
    readonly ran?: readonly string[];
  };
}

/** A test with the file it came from. */
export interface TestFile {
  readonly file: string;
  readonly test: TemplateTest;
  readonly locate: ParsedTemplate['locate'];
}

/** Reads a test. @throws file_unreadable; template_test_invalid with every problem and its place */
export async function readTestFile(file: string): Promise<TestFile> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new WeftError('file_unreadable', { file, problem: cause.message }, { cause });
  });
  const { document, diagnostics, locate } = parseTemplateText(text, { file });
  const all = [...diagnostics, ...(document === undefined ? [] : problemsOf(document, file, locate))];
  if (all.length > 0) throw new WeftError('template_test_invalid', { file, count: all.length }, { diagnostics: all });
  const { context = {}, steps = {}, expect, ...rest } = document as unknown as Partial<TemplateTest>;
  const expected = { status: 'complete', steps: {}, ...expect } as TemplateTest['expect'];
  return { file, locate, test: { ...rest, context, steps, expect: expected } };
}

function problemsOf(document: Json, file: string, locate: ParsedTemplate['locate']): readonly Diagnostic[] {
  const compiled = hostSchemaCompiler().compile(TEST_SCHEMA);
  if (!compiled.ok) throw new Error(`the schema of tests is broken: ${JSON.stringify(compiled.problems)}`);
  return compiled.check(document).map((problem) => {
    const code =
      problem.keyword === 'additionalProperties'
        ? 'key_unknown'
        : problem.keyword === 'required'
          ? 'key_missing'
          : 'value_invalid';
    return { ...diagnose(code, problem), file, ...locate(problem.pointer) };
  });
}
