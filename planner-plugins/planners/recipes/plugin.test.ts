import { hostSchemaCompiler } from '../../../host/schemas.ts';
import { type Json, type PlanContextItem, PlannerFailure } from '../../../kernel/index.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { type Condition, choose } from './choose.ts';
import { optionsSchema, recipesPlanner } from './plugin.ts';

const test = suite('planner recipes');

const item = (reference: string, value: Json): PlanContextItem => ({ reference, form: 'verbatim', size: 1, value });
const CONTEXT = [
  item('task.context', { kind: 'disk', tags: ['a', 'b'], load: 7, none: null, deep: { x: [1, { y: 2 }] } }),
  item('steps.fetch.result', { text: 'no space left' }),
];

const fits = (...when: Condition[]): boolean => choose([{ name: 'r', when, fragment: {} }], CONTEXT) !== undefined;

test('holds each operator against the values of the context', () => {
  const field = 'task.context.kind';
  assert.ok(fits({ field, operator: 'equals', value: 'disk' }));
  assert.not(fits({ field, operator: 'equals', value: 'cpu' }));
  assert.ok(fits({ field, operator: 'not_equals', value: 'cpu' }));
  assert.ok(fits({ field, operator: 'in', value: ['cpu', 'disk'] }));
  assert.ok(fits({ field: 'task.context.tags', operator: 'contains', value: 'b' }));
  assert.ok(fits({ field: 'steps.fetch.result.text', operator: 'contains', value: 'space' }));
  assert.ok(fits({ field: 'task.context.load', operator: 'greater_than', value: 6 }));
  assert.not(fits({ field: 'task.context.load', operator: 'less_than', value: 7 }));
  assert.ok(fits({ field: 'task.context.deep.x[1]', operator: 'equals', value: { y: 2 } }));
  assert.ok(fits({ field: 'task.context.none', operator: 'absent' }, { field, operator: 'exists' }));
  assert.not(fits({ field: 'task.context.constructor', operator: 'exists' }));
  assert.not(fits({ field: 'steps.other.result', operator: 'exists' }));
});

test('takes the first recipe that fits, and does not guess at what it is not shown', () => {
  const recipes = [
    { name: 'never', when: [{ field: 'task.context.kind', operator: 'equals', value: 'cpu' } as const], fragment: {} },
    { name: 'always', fragment: {} },
  ];
  assert.is(choose(recipes, CONTEXT)!.name, 'always');
  const summarized = [{ ...CONTEXT[0]!, form: 'summary' as const }];
  assert.throws(
    () => choose(recipes, summarized),
    (error: Error) => error instanceof PlannerFailure,
  );
});

test('is asked for nothing that its options do not have', async () => {
  const compiled = hostSchemaCompiler().compile(optionsSchema);
  assert.ok(compiled.ok);
  assert.equal(compiled.ok && compiled.check({ recipes: [{ name: 'a', fragment: {} }] }), []);
  assert.ok(
    compiled.ok &&
      compiled.check({ recipes: [{ name: 'a', when: [{ field: 'x', operator: 'runs' }], fragment: {} }] }).length > 0,
  );
  const request = { step_name: 'plan', context: CONTEXT, feedback: [] } as never;
  const planner = recipesPlanner([{ name: 'a', planning_steps: ['plan'], fragment: { a: 1 } }]);
  const { signal } = new AbortController();
  assert.is((await planner.plan(request, { signal })).text, '{"a":1}');
  const refused = {
    step_name: 'plan',
    context: CONTEXT,
    feedback: [{ call: 1, answer: '{"a":1}', diagnostics: [] }],
  } as never;
  const code = await planner.plan(refused, { signal }).then(
    () => 'none',
    (error: PlannerFailure) => error.problem.code,
  );
  assert.is(code, 'recipe_refused');
});
