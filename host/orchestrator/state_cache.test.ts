import { emptyTask, type TaskState } from '../../kernel/task/state.ts';
import { COMPILED } from '../../testing/arbitrary_commands.ts';
import { assert, suite } from '../../testing/suite.ts';
import { StateCache } from './state_cache.ts';

const test = suite('state cache');

const state = (): TaskState => emptyTask(COMPILED, new Map(), new Map());

function cache(busy: readonly string[] = []): { cache: StateCache; kept(): string[] } {
  const made = new StateCache({ tasks_max: 3, large_bytes_max: 100 }, (taskId) => busy.includes(taskId));
  return { cache: made, kept: () => ['a', 'b', 'c', 'd'].filter((id) => made.get(id) !== undefined) };
}

test('the least recently used task goes when there are too many', () => {
  const { cache: states, kept } = cache();
  for (const id of ['a', 'b', 'c']) states.set(id, state(), 0);
  states.get('a');
  states.set('d', state(), 0);
  assert.equal(kept(), ['a', 'c', 'd']);
});

test('tasks go when their large values are too many together, also those that grew', () => {
  const { cache: states, kept } = cache();
  states.set('a', state(), 60);
  states.set('b', state(), 30);
  states.grew('b', 20);
  assert.equal(kept(), ['b']);
  states.set('c', state(), 50);
  assert.equal(kept(), ['b', 'c']);
  states.delete('b');
  states.set('d', state(), 50);
  assert.equal(kept(), ['c', 'd']);
});

test('a task that somebody holds stays', () => {
  const { cache: states, kept } = cache(['a']);
  for (const id of ['a', 'b']) states.set(id, state(), 60);
  assert.equal(kept(), ['a']);
});
