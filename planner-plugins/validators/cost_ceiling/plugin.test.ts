import { validatorConformance } from '../../../host/conformance/validator.ts';
import { VALID_PLAN } from '../../../testing/model_server/plans.ts';
import { suite } from '../../../testing/suite.ts';
import plugin from './plugin.ts';

const test = suite('cost_ceiling');

const costing = (costPerCallUsd: number) => ({
  resources: { network: false, typicalLatencyMs: 1, memoryMb: 1, costPerCallUsd },
});
const step = (name: string, catalog: string, rest: object = {}) => ({
  name,
  handler: { catalog, config: {} },
  ...rest,
});
/** 0.1 for a call, three times: 0.3. */
const priced = { name: 'priced', steps: [step('a', 'dear'), step('b', 'free')] };
const fan = (rest: object) => ({
  name: 'fan',
  steps: [
    step('spread', 'free', { type: 'batchable', ...rest }),
    step('work', 'dear', { type: 'batch_worker', dependencies: ['spread'], retry: { max_attempts: 1 } }),
  ],
});

validatorConformance(test, {
  plugin,
  handlers: { dear: costing(0.1), free: costing(0), transform: costing(0.1) },
  cases: [
    { name: 'sets no ceiling by itself', template: fan({}), findings: [] },
    { name: 'accepts what reaches the ceiling', template: priced, options: { max_cost_usd: 0.3000001 }, findings: [] },
    {
      name: 'counts every attempt of every step',
      template: priced,
      options: { max_cost_usd: 0.29, max_step_cost_usd: 0.29 },
      findings: ['too_expensive /steps', 'step_too_expensive /steps/0'],
    },
    {
      name: 'counts a worker for each item that a fan-out may have',
      template: fan({ max_items: 10 }),
      options: { max_step_cost_usd: 0.99 },
      findings: ['step_too_expensive /steps/1'],
    },
    {
      name: 'accepts a fan-out that stays below',
      template: fan({ max_items: 10 }),
      options: { max_step_cost_usd: 1 },
      findings: [],
    },
    {
      name: 'takes a fan-out without max_items for as large as it can be',
      template: fan({}),
      options: { max_cost_usd: 999 },
      findings: ['too_expensive /steps'],
    },
    {
      name: 'has other ceilings for single templates',
      template: priced,
      options: { max_cost_usd: 0, templates: { priced: { max_cost_usd: 1 } } },
      findings: [],
    },
    {
      name: 'has other ceilings for plans',
      fragment: VALID_PLAN,
      options: { max_cost_usd: 100, planned: { max_cost_usd: 0.1 } },
      findings: ['too_expensive /steps'],
    },
  ],
});
