import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Json } from '../../kernel/json.ts';
import { startWeft } from '../compose.ts';
import type { OperatorConfig } from '../config/types.ts';
import type { Engine, StepView, TemplateSource } from '../orchestrator/port.ts';
import { checkSteps } from './check_steps.ts';
import { compareTask } from './compare.ts';
import { MockExecutor } from './mock_executor.ts';
import { play } from './play.ts';
import { unusedEntries } from './script.ts';
import { Shares } from './shares.ts';
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
  const shares = new Shares(() => weft.engine);
  const mocks = new MockExecutor(() => weft.engine.handlers(), shares);
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
    for (const file of files) results.push(await runTest(weft.engine, { clock, mocks, shares }, template, file));
    return results;
  } finally {
    await weft.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function runTest(
  engine: Engine,
  { clock, mocks, shares }: { readonly clock: VirtualClock; readonly mocks: MockExecutor; readonly shares: Shares },
  template: TemplateSource,
  { file, test, locate }: TestFile,
): Promise<TestResult> {
  await checkSteps(engine, template, { file, test, locate });
  mocks.begin(test);
  const { task_id } = (await engine.submit({ template, context: test.context, principal: 'template test' })).task;
  const { task, problems } = await play(engine, clock, task_id, test, shares);
  if (task.settled_at === null) await engine.cancel(task_id, { by: 'template test', reason: 'the test is over' });
  const workers = await Promise.all(
    task.steps.map(async ({ step_id, name }) => [step_id, await shares.of({ task_id, step_id, name })] as const),
  );
  const shareOf = new Map(workers.flatMap(([id, share]) => (share === undefined ? [] : [[id, share]])));
  const mismatches = compareTask(test, task, { given: mocks.given, shares: shareOf }).map(
    ({ pointer, expected, got, step }) => ({
      pointer,
      message: `${step === undefined ? '' : `${step}: `}expected ${shown(expected)}, got ${shown(got)}`,
      ...(expected === undefined ? {} : { expected }),
      ...(got === undefined ? {} : { got }),
    }),
  );
  const named = task.steps.map(({ step_id, name }) => ({ task_id, step_id, name }));
  const unused = await unusedEntries(test, named, shares);
  const all = [...problems, ...unused, ...mismatches].map((each) => ({ file, ...locate(each.pointer), ...each }));
  const passed = all.length === 0;
  return {
    file,
    description: test.description ?? '',
    passed,
    problems: all,
    steps: passed ? [] : task.steps.map(ending),
  };
}

function ending({ name, status, failure }: StepView) {
  return { name, status, failure: failure === null ? null : `${failure['code']}: ${failure['message']}` };
}

const SHOWN_MAX = 300;

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
