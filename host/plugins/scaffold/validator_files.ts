import type { ScaffoldFiles } from './new_plugin.ts';

/** A validator that wants a title for each step. */
export function validatorFiles(name: string): ScaffoldFiles {
  return {
    'plugin.ts': `import { type Plugin, pointerOf } from 'weft/plugin';

/** Refuses templates and plans with more steps than the operator wants. */
const plugin: Plugin = {
  name: '${name}',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: { max_steps: { type: 'integer', minimum: 1, default: 100 } },
  },
  apply(hooks, options) {
    const max = (options['max_steps'] as number | undefined) ?? 100;
    hooks.validatePolicy.tap((review, report) => {
      if (review.steps.length <= max) return;
      report({
        code: 'too_many_steps',
        pointer: pointerOf(['steps']),
        message: \`there are \${review.steps.length} steps, and the operator wants \${max} at the most\`,
        expected: max,
        got: review.steps.length,
      });
    });
  },
};

export default plugin;
`,
    'conformance.test.ts': `import { test } from 'node:test';
import { validatorConformance } from 'weft/conformance';
import plugin from './plugin.ts';

const step = (name: string) => ({ name, handler: { catalog: 'transform', config: {} }, inputs: {} });
const template = { name: 'orders', steps: [step('a'), step('b')] };

validatorConformance((name, run) => void test(name, run), {
  plugin,
  handlers: { transform: {} },
  cases: [
    { name: 'accepts what is small enough', template, options: { max_steps: 2 }, findings: [] },
    { name: 'refuses what is too large', template, options: { max_steps: 1 }, findings: ['too_many_steps /steps'] },
  ],
});
`,
  };
}
