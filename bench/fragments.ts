import { performance } from 'node:perf_hooks';
import type { FragmentContext } from '../kernel/fragment/types.ts';
import { validateFragment } from '../kernel/fragment/validate.ts';
import type { JsonObject } from '../kernel/json.ts';
import { fuzzContext } from '../testing/fuzz/fragments.ts';
import { type Benchmark, quantile, table } from './report.ts';

const SIZES = [10, 100, 1_000];
/** Fewer of the large ones. */
const RUNS = 300;
const RUNS_OF_LARGE = 30;

/** What validating a fragment costs by its size, as text: valid ones, and ones in which every tenth step has two faults. */
export async function benchFragments(): Promise<Benchmark> {
  const context: FragmentContext = { ...fuzzContext(), bounds: {}, remaining: {} };
  const rows = SIZES.flatMap((size) => [measure(context, size, false), measure(context, size, true)]);
  return {
    table: table(
      ['steps', 'fragment', 'KB', 'problems', 'CPU ms', 'p50 ms', 'p99 ms', 'max ms'],
      rows.map(({ steps, kind, kb, problems, cpu_ms, p50_ms, p99_ms, max_ms }) => [
        String(steps),
        kind,
        kb,
        String(problems),
        cpu_ms,
        p50_ms,
        p99_ms,
        max_ms,
      ]),
    ),
    data: { rows: rows as unknown as JsonObject[] },
  };
}

function measure(context: FragmentContext, steps: number, faulty: boolean) {
  const text = JSON.stringify(fragmentOf(steps, faulty));
  const times: number[] = [];
  let problems = 0;
  const runs = steps < 1_000 ? RUNS : RUNS_OF_LARGE;
  let cpu = process.cpuUsage();
  for (let run = -20; run < runs; run++) {
    if (run === 0) cpu = process.cpuUsage();
    const begun = performance.now();
    const validation = validateFragment({ kind: 'text', text }, context);
    if (run >= 0) times.push(performance.now() - begun);
    problems = validation.ok ? 0 : validation.diagnostics.length;
    if (validation.ok === faulty) throw new Error(`a fragment of ${steps} steps was taken for the wrong kind`);
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  return {
    steps,
    kind: faulty ? 'faulty' : 'valid',
    kb: text.length / 1_024,
    problems,
    cpu_ms: (user + system) / 1_000 / runs,
    p50_ms: quantile(times, 0.5),
    p99_ms: quantile(times, 0.99),
    max_ms: times.at(-1)!,
  };
}

/** Requests, a step that works on each answer, decisions between them: layers of ten steps, each after the one before. */
function fragmentOf(count: number, faulty: boolean): JsonObject {
  const steps: JsonObject[] = [];
  const last = count - 1;
  for (let at = 0; at < last; at++) {
    const before = at < 10 ? [] : [`s${at - 10}`];
    const isWrong = faulty && at % 10 === 7;
    const source = before.length === 0 ? 'load.result.count' : `${before[0]}.result`;
    const shared = { name: `s${at}`, reasoning: 'It is needed for what follows.', dependencies: before };
    const inputs = {
      value: `\${steps.${isWrong ? 'nobody' : source.split('.')[0]}.result}`,
      id: '${task.context.order.id}',
    };
    const handler =
      at % 2 === 0
        ? { catalog: 'http_request', config: { url: 'https://api.example.com/orders/${task.context.order.id}' } }
        : { catalog: isWrong ? 'trasform' : 'transform', config: { expression: 'value[total > 10]' } };
    steps.push({ ...shared, handler, inputs });
  }
  const ends = steps.slice(-10).map(({ name }) => name as string);
  steps.push({
    name: 'end',
    reasoning: 'One answer.',
    dependencies: ends,
    handler: { catalog: 'aggregate', config: { mode: 'concat' } },
  });
  return {
    fragment_version: '1.0',
    planning_context: { goal: 'Work on every order.', reasoning: 'In layers.' },
    steps,
    convergence: { exit_step: 'end' },
  };
}
