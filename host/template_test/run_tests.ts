import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
import { startWeft } from '../compose.ts';
import type { OperatorConfig } from '../config/types.ts';
import type { Engine, StepView, TemplateSource } from '../orchestrator/port.ts';
import { compareTask } from './compare.ts';
import { MockExecutor } from './mock_executor.ts';
import { play } from './play.ts';
import type { TestFile } from './test_file.ts';
import { VirtualClock } from './virtual_clock.ts';

/** Something in a test that did not hold, with its place in the test file. */
export interface TestProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly pointer: string;
  readonly message: string;
  readonly expected?: Json;
  readonly got?: Json;
}

/** How a test ended. */
export interface TestResult {
  readonly file: string;
  readonly description: string;
  readonly passed: boolean;
  readonly problems: readonly TestProblem[];
  /** How each step ended, when the test did not pass: where to look. */
  readonly steps: readonly { readonly name: string; readonly status: string; readonly failure: string | null }[];
}

const BEGINNING = Date.UTC(2026, 0, 1);

/**
 * Runs tests of a template, one after the other, on an engine of their own: kernel, store and cells are the real ones,
 * the network is closed, secrets have no values, and time passes at once.
 * @throws template_invalid, context_invalid, and whatever starting Weft throws
 */
export async function runTests(
  template: TemplateSource,
  files: readonly TestFile[],
  config: OperatorConfig,
  logger: Logger,
): Promise<readonly TestResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-test-'));
  const clock = new VirtualClock(BEGINNING);
  const mocks = new MockExecutor(() => weft.engine.handlers());
  const own = { data_directory: directory, store: { kind: 'sqlite', path: join(directory, 'weft.db') } } as const;
  // Time passes by leaps here, and nobody is there to look.
  const dead_letters = { stuck_after_ms: 0 };
  const isolated = { ...config, ...own, egress: { allow: [] }, secrets: {}, dead_letters };
  const weft = await startWeft(isolated, {
    logger,
    parts: { clock, throughExecutor: mocks.through, collects_blobs: false },
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  try {
    const results: TestResult[] = [];
    for (const file of files) results.push(await runTest(weft.engine, clock, mocks, template, file));
    return results;
  } finally {
    await weft.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function runTest(
  engine: Engine,
  clock: VirtualClock,
  mocks: MockExecutor,
  template: TemplateSource,
  { file, test, locate }: TestFile,
): Promise<TestResult> {
  await refuseUnknownSteps(engine, template, { file, test, locate });
  mocks.begin(test);
  const { task_id } = (await engine.submit({ template, context: test.context, principal: 'template test' })).task;
  const { task, problems } = await play(engine, clock, task_id, test);
  if (task.settled_at === null) await engine.cancel(task_id, { by: 'template test', reason: 'the test is over' });
  const mismatches = compareTask(test, task, mocks.given).map(({ pointer, expected, got }) => ({
    pointer,
    message: `expected ${shown(expected)}, got ${shown(got)}`,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  }));
  const all = [...problems, ...mismatches].map((each) => ({ file, ...locate(each.pointer), ...each }));
  const passed = all.length === 0;
  return {
    file,
    description: test.description ?? '',
    passed,
    problems: all,
    steps: passed ? [] : task.steps.map(ending),
  };
}

/** A step that is misspelt would mock nothing, or be absent as expected. @throws template_test_invalid, template_invalid */
async function refuseUnknownSteps(
  engine: Engine,
  template: TemplateSource,
  { file, test, locate }: TestFile,
): Promise<void> {
  const { graph, diagnostics } = await engine.check(template);
  if (graph === undefined) {
    const count = diagnostics.filter(({ severity }) => severity === 'error').length;
    throw new WeftError('template_invalid', { count }, { diagnostics });
  }
  const known = new Set(graph.nodes.map(({ name }) => name));
  const named = [
    ...Object.keys(test.steps).map((name) => ({ name, pointer: `/steps/${name}` })),
    ...Object.keys(test.expect.steps).map((name) => ({ name, pointer: `/expect/steps/${name}` })),
  ];
  const unknown = named.filter(({ name }) => !known.has(name));
  if (unknown.length === 0) return;
  throw new WeftError(
    'template_test_invalid',
    { file, count: unknown.length },
    {
      diagnostics: unknown.map(({ name, pointer }) => ({
        ...diagnose('value_invalid', {
          pointer,
          message: `the template has no step "${name}"`,
          ...nearest(name, known),
        }),
        file,
        ...locate(pointer),
      })),
    },
  );
}

function nearest(name: string, known: ReadonlySet<string>): { readonly suggestion?: string } {
  const suggestion = didYouMean(name, known);
  return suggestion === undefined ? {} : { suggestion };
}

function ending({ name, status, failure }: StepView) {
  return { name, status, failure: failure === null ? null : `${failure['code']}: ${failure['message']}` };
}

const SHOWN_MAX = 300;

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
