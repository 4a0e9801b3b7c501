import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
import { pointerToken } from '../../kernel/schema/pointer.ts';
import type { Engine, GraphView, TemplateSource } from '../orchestrator/port.ts';
import { templateStepOf } from './shares.ts';
import type { TestFile } from './test_file.ts';

type Problem = Pick<Diagnostic, 'pointer' | 'message'> & { readonly suggestion?: string };

/**
 * A step that is misspelt would mock nothing, or be absent as expected; what is said of the workers of a step that has
 * none would never be looked at.
 * @throws template_test_invalid, template_invalid
 */
export async function checkSteps(engine: Engine, template: TemplateSource, { file, test, locate }: TestFile) {
  const { graph, diagnostics } = await engine.check(template);
  if (graph === undefined) {
    const count = diagnostics.filter(({ severity }) => severity === 'error').length;
    throw new WeftError('template_invalid', { count }, { diagnostics });
  }
  const types = new Map(graph.nodes.map(({ name, type }) => [name, type]));
  const problems = [...unknownSteps(test, types), ...misplaced(test, types)];
  if (problems.length === 0) return;
  throw new WeftError(
    'template_test_invalid',
    { file, count: problems.length },
    {
      diagnostics: problems.map((problem) => ({
        ...diagnose('value_invalid', problem),
        file,
        ...locate(problem.pointer),
      })),
    },
  );
}

type Types = ReadonlyMap<string, GraphView['nodes'][number]['type']>;

function unknownSteps({ steps, expect }: TestFile['test'], types: Types): readonly Problem[] {
  const named = [
    ...Object.keys(steps).map((name) => ({ name, pointer: `/steps/${pointerToken(name)}` })),
    ...Object.keys(expect.steps).map((name) => ({ name, pointer: `/expect/steps/${pointerToken(name)}` })),
    ...(expect.ran ?? []).map((name, index) => ({ name, pointer: `/expect/ran/${index}` })),
  ];
  return named
    .filter(({ name }) => !types.has(name))
    .map(({ name, pointer }) => {
      const batch = templateStepOf(name);
      if (batch !== name && types.get(batch) === 'batch_worker') {
        const suggestion = `write it among the workers of "${batch}", by its index`;
        return { pointer, message: `"${name}" is a worker of the step "${batch}", and no step`, suggestion };
      }
      const suggestion = didYouMean(name, types.keys());
      const message = `the template has no step "${name}"`;
      return { pointer, message, ...(suggestion === undefined ? {} : { suggestion }) };
    });
}

/** What only workers, or only fan-outs, have. */
function misplaced({ steps, expect }: TestFile['test'], types: Types): readonly Problem[] {
  const ofWorkers = [
    ...Object.entries(steps).flatMap(([name, script]) => keysOf(name, script, ['workers'], '/steps')),
    ...Object.entries(expect.steps).flatMap(([name, expected]) =>
      keysOf(name, expected, ['workers', 'results', 'counts'], '/expect/steps'),
    ),
  ].filter(({ name }) => types.has(name) && types.get(name) !== 'batch_worker');
  const ofFanOuts = Object.entries(steps).flatMap(([name, { outcomes = [] }]) => {
    const type = types.get(name);
    if (type === undefined) return [];
    return outcomes.flatMap((outcome, index) => {
      if ('failure' in outcome || 'items' in outcome === (type === 'batchable')) return [];
      const pointer = `/steps/${pointerToken(name)}/outcomes/${index}`;
      const message =
        type === 'batchable'
          ? `step "${name}" is a fan-out: it ends with items, or fails`
          : `step "${name}" is of type ${type}, and only a fan-out (batchable) ends with items`;
      return [{ pointer, message }];
    });
  });
  const message = (name: string, key: string) =>
    `only the worker of a batch (batch_worker) has ${key}; step "${name}" is of type ${types.get(name)}`;
  return [...ofWorkers.map(({ name, key, pointer }) => ({ pointer, message: message(name, key) })), ...ofFanOuts];
}

function keysOf(name: string, value: object, keys: readonly string[], under: string) {
  const found = keys.filter((key) => Object.hasOwn(value, key));
  return found.map((key) => ({ name, key, pointer: `${under}/${pointerToken(name)}/${key}` }));
}
