import { assert, suite } from '../../testing/suite.ts';
import { SILENT } from '../example.ts';
import { runApproval } from './run.ts';

const test = suite('example: approval routing');

test('routes by amount, asks exactly those it must, and concludes whatever path was taken', async () => {
  const [small, medium, large] = await runApproval(SILENT, [700, 3_000, 7_000]);
  const names = (task: typeof small): string[] => task!.steps.map((step) => step.name);
  assert.equal(names(small), ['validate_request', 'route', 'auto_approve', 'finalize']);
  assert.equal(names(medium), ['validate_request', 'route', 'manager_approval', 'finalize']);
  assert.equal(names(large), ['validate_request', 'route', 'manager_approval', 'finance_approval', 'finalize']);
  for (const task of [small, medium, large]) assert.is(task!.status, 'complete');
  assert.equal(large!.steps.at(-1)!.result, { amount: 7_000, approved: true, decided_by: ['maria', 'fatima'] });
});
