import { readFile } from 'node:fs/promises';
import { assert, suite } from '../../testing/suite.ts';
import type { CatalogEntry } from '../capability/types.ts';
import { WeftError } from '../errors.ts';
import type { Review } from '../validation/review.ts';
import { createHooks, type HookTimer } from './hooks.ts';
import { HOOKS, type HookName } from './table.ts';

const test = suite('hooks');

const review = { steps: [] } as unknown as Review;
const settled = { task_id: 't', template_name: 'x', status: 'complete' } as const;

/** A clock whose timers ring when told. */
function fakeTimer() {
  const ringing = new Set<() => void>();
  const timer: HookTimer = {
    now: () => 42,
    after: (_, then) => {
      ringing.add(then);
      return () => ringing.delete(then);
    },
  };
  return { timer, ring: () => ringing.forEach((then) => void then()), pending: ringing };
}

async function rejection(promise: Promise<unknown>): Promise<WeftError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, WeftError);
    return error as WeftError;
  }
  throw new Error('it did not reject');
}

test('every hook in the table can be tapped, and says when it fires, by whom, to what effect', () => {
  const hooks = createHooks();
  const plugin = hooks.forPlugin('all');
  for (const name of Object.keys(HOOKS) as HookName[]) {
    plugin[name].tap((() => undefined) as never);
    const { moment, called_by, effect } = HOOKS[name];
    for (const text of [moment, called_by, effect]) assert.ok(text.length > 5, name);
  }
  assert.ok(Object.isFrozen(HOOKS));
});

test('docs/plugins.md lists every hook with its type and moment', async () => {
  const text = await readFile(new URL('../../docs/plugins.md', import.meta.url), 'utf8');
  const rows = Array.from(text.matchAll(/^\| `(\w+)` \| (\w+ \w+) \| (.+) \|$/gm), ([, ...cells]) => cells);
  assert.equal(
    rows,
    Object.entries(HOOKS).map(([name, { type, moment }]) => [name, type.replace('_', ' '), moment]),
  );
});

test('series calls every tap in order, lower stages first', () => {
  const hooks = createHooks();
  const calls: string[] = [];
  hooks.forPlugin('a').validatePolicy.tap(() => void calls.push('a'));
  hooks.forPlugin('b').validatePolicy.tap(() => void calls.push('b'));
  hooks.forPlugin('c').validatePolicy.tap(() => void calls.push('c'), { stage: -1 });
  hooks.call('validatePolicy', review, () => {});
  assert.equal(calls, ['c', 'a', 'b']);
});

test('waterfall hands on what each tap gives back, or what it was given', () => {
  const hooks = createHooks();
  const plugin = hooks.forPlugin('a');
  plugin.templateLoad.tap((document) => [document, 1]);
  plugin.templateLoad.tap(() => undefined as never);
  plugin.templateLoad.tap((document) => [document, 2]);
  assert.equal(hooks.call('templateLoad', 'x'), [['x', 1], 2]);
  assert.is(createHooks().call('templateLoad', 'untouched'), 'untouched');
});

test('bail stops at the first answer', () => {
  const hooks = createHooks();
  hooks.forPlugin('a').catalogRegistration.tap(() => undefined);
  hooks.forPlugin('b').catalogRegistration.tap(({ name }) => `${name} is not signed`);
  hooks.forPlugin('c').catalogRegistration.tap(() => {
    throw new Error('called all the same');
  });
  assert.is(hooks.call('catalogRegistration', { name: 'x' } as CatalogEntry), 'x is not signed');
});

test('an error of a tap names plugin and hook, and keeps its cause', () => {
  const hooks = createHooks();
  const cause = new Error('oops');
  hooks.forPlugin('buggy').validateGraph.tap(() => {
    throw cause;
  });
  try {
    hooks.call('validateGraph', review, () => {});
    assert.unreachable();
  } catch (error) {
    assert.is((error as WeftError).code, 'plugin_failed');
    assert.equal((error as WeftError).params, { plugin: 'buggy', hook: 'validateGraph', problem: 'oops' });
    assert.is((error as WeftError).cause, cause);
  }
});

test('a promise from a tap of a synchronous hook is an error: nobody would wait for it', () => {
  const hooks = createHooks();
  hooks.forPlugin('async').validateGraph.tap(async () => {});
  assert.throws(() => hooks.call('validateGraph', review, () => {}), /the hook is synchronous/);
});

test('says whose tap it is calling, and nobody’s when none is', () => {
  const hooks = createHooks();
  let during: string | undefined;
  hooks.forPlugin('a').validateGraph.tap((_, report) => report({ code: 'x', pointer: '', message: '' }));
  hooks.call('validateGraph', review, () => {
    during = hooks.calling();
  });
  assert.is(during, 'a');
  assert.is(hooks.calling(), undefined);
});

test('asynchronous taps run one after the other, and the first failure stops them', async () => {
  const hooks = createHooks();
  const calls: string[] = [];
  hooks.forPlugin('slow').taskSettled.tap(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    calls.push('slow');
  });
  hooks.forPlugin('quick').taskSettled.tap(async () => void calls.push('quick'));
  await hooks.run('taskSettled', settled);
  assert.equal(calls, ['slow', 'quick']);

  hooks.forPlugin('thrower').taskSettled.tap(
    () => {
      throw new Error('before it promised');
    },
    { stage: -1 },
  );
  const error = await rejection(hooks.run('taskSettled', settled));
  assert.equal([error.code, error.params['plugin']], ['plugin_failed', 'thrower']);
  assert.is(calls.length, 2);
});

test('lists taps that have not settled, and fails them at the deadline', async () => {
  const { timer, ring, pending } = fakeTimer();
  const hooks = createHooks({ timer, deadline_ms: 250 });
  const release = Promise.withResolvers<void>();
  hooks.forPlugin('stuck').stepSettled.tap(() => release.promise);
  const run = hooks.run('stepSettled', {
    task_id: 't',
    step_id: 't.0',
    step_name: 'a',
    attempt: 1,
    status: 'complete',
  });
  assert.equal(hooks.unsettled(), [{ plugin: 'stuck', hook: 'stepSettled', since: 42 }]);
  ring();
  const error = await rejection(run);
  assert.is(error.code, 'plugin_timeout');
  assert.equal(error.params, { plugin: 'stuck', hook: 'stepSettled', deadline_ms: 250 });
  assert.is(hooks.unsettled().length, 1, 'it still has not settled');
  release.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hooks.unsettled(), []);
  assert.is(pending.size, 0, 'no timer is left behind');
});

test('takes its timer back when a tap settles in time', async () => {
  const { timer, pending } = fakeTimer();
  const hooks = createHooks({ timer });
  hooks.forPlugin('a').taskSettled.tap(async () => {});
  await hooks.run('taskSettled', settled);
  assert.is(pending.size, 0);
});
