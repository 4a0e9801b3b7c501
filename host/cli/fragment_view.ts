import type { Simulation } from '../../kernel/fragment/simulate.ts';
import type { FragmentBounds } from '../../kernel/fragment/types.ts';
import { type Paint, printable } from './io.ts';

/** The worst case of a fragment, in a line. */
export function renderBounds({ steps, depth, fan_out, calls, cost_usd }: FragmentBounds): string {
  const widest = fan_out === 0 ? 'no fan-out' : `fan-out of up to ${fan_out}`;
  return `at most ${steps} steps, ${depth} deep, ${widest}, ${calls} calls, $${cost_usd}\n`;
}

/** One run's way, how all runs ended, and what none of them came to. */
export function renderSimulation(simulation: Simulation, bounds: FragmentBounds, paint: Paint): string {
  const { runs, unreached, made_up } = simulation;
  const [first] = runs;
  const lines = (first?.path ?? []).map(({ step, status, problem }) => {
    const tag = status === 'complete' ? paint('green', status) : paint('red', status);
    return `  ${printable(step)}  ${tag}${problem === undefined ? '' : `  ${printable(problem)}`}\n`;
  });
  const ends = [...Map.groupBy(runs, ({ status }) => status)].map(([status, some]) => `${some.length} ${status}`);
  return [
    first === undefined ? '' : `the run of seed ${first.seed}:\n`,
    ...lines,
    `${runs.length} runs: ${ends.join(', ')}\n`,
    renderBounds(bounds),
    unreached.length === 0 ? '' : `${paint('yellow', 'no run came to')} ${unreached.map(printable).join(', ')}\n`,
    made_up.length === 0 ? '' : `no output could be made for ${made_up.map(printable).join(', ')}: null stood there\n`,
  ].join('');
}
