import { compileTrusted } from '../../kernel/template/compile.ts';
import { graphView } from '../../kernel/template/graph.ts';
import type { StepDefinition } from '../../kernel/template/types.ts';
import { assert, suite } from '../../testing/suite.ts';
import { step, template } from '../../testing/task_player.ts';
import { GRAPH_RENDERERS } from './render_graph.ts';

const test = suite('template graph');

function graphOf(...steps: readonly StepDefinition[]) {
  return graphView(compileTrusted(template(...steps), 'sha256:0'));
}

const handler = (catalog: string) => ({ handler: { catalog, config: {} } });

const approval = graphOf(
  step('finish', { type: 'deferred', dependencies: ['auto', 'manager'], ...handler('transform') }),
  step('check', handler('validate@^1')),
  step('route', { type: 'decision', dependencies: ['check'], ...handler('decide') }),
  step('auto', { dependencies: ['route'], ...handler('transform') }),
  step('manager', { dependencies: ['route', 'check'], ...handler('gate') }),
);

test('is plain data: steps in template order, edges by their end and kind', () => {
  assert.equal(
    approval.nodes.map(({ name, gated }) => `${name} ${gated}`),
    ['finish true', 'check false', 'route false', 'auto true', 'manager true'],
  );
  assert.equal(
    approval.edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`),
    [
      'auto deferred finish',
      'manager deferred finish',
      'check dependency route',
      'route decision auto',
      'route decision manager',
      'check dependency manager',
    ],
  );
});

test('as text: in the order in which steps can run', () => {
  const [, ...lines] = GRAPH_RENDERERS.text(approval).trimEnd().split('\n');
  assert.equal(lines, [
    '1  check              validate@^1',
    '2  route    decision  decide       after check',
    '3  auto               transform    if chosen by route',
    '3  manager            gate         after check, if chosen by route',
    '4  finish   deferred  transform    after those that exist of auto, manager',
  ]);
});

test('as dot and mermaid: nothing in a handler’s range can leave its label', () => {
  const hostile = graphOf(step('a', handler('x@"]; b -> c; \\')), step('b', { dependencies: ['a'] }));
  assert.ok(GRAPH_RENDERERS.dot(hostile).includes('[label="a\\nx@\\"]; b -> c; \\\\"]'));
  assert.ok(GRAPH_RENDERERS.mermaid(hostile).includes('s0["a<br/>x#64;#34;#93;#59; b -#62; c#59; #92;"]'));
  assert.ok(GRAPH_RENDERERS.mermaid(approval).includes('s2 -. if chosen .-> s3'));
  assert.ok(GRAPH_RENDERERS.dot(approval).includes('"check" -> "route";'));
});
