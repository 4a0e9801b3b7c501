import { assert, suite } from '../../testing/suite.ts';
import { SILENT } from '../example.ts';
import { openOffice, runApproval } from './run.ts';

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

test('hears at each gate only whom it asks, and wants to know why somebody rejects', async () => {
  const { weft, desk, close } = await openOffice();
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${desk.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as { task_id: string; error?: string } };
  };
  try {
    assert.match((await post('/requests', { amount: -1 })).body.error!, 'must be above 0');
    const { task_id } = (await post('/requests', { amount: 3_000 })).body;
    for await (const { event } of weft.engine.watch(task_id, 0, new AbortController().signal)) {
      if (event.kind === 'step_suspended') break;
    }
    const decide = async (person: string, rest: object) =>
      (await post('/decisions', { task_id, step: 'manager_approval', person, decision: 'reject', ...rest })).status;
    assert.is(await decide('fatima', { comment: 'no' }), 403);
    assert.is(await decide('constructor', { comment: 'no' }), 403);
    assert.is(await decide('maria', {}), 422);
    assert.is(await decide('maria', { comment: 'too much' }), 200);
    for await (const _ of weft.engine.watch(task_id, 0, new AbortController().signal));
    const task = await weft.engine.task(task_id);
    assert.equal(task.steps.at(-1)!.result, { amount: 3_000, approved: false, decided_by: ['maria'] });
  } finally {
    await close();
  }
});
