import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { TaskState } from '../../kernel/task/state.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { assert, suite } from '../../testing/suite.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import { openComponentStore } from '../sandbox/component_store.ts';
import { fixtureComponent } from '../sandbox/fixtures/components.ts';
import { believe } from '../sandbox/fixtures/runs.ts';
import { greeterVariant } from '../sandbox/fixtures/variant.ts';
import { COMPONENT_BYTES_MAX } from '../sandbox/limits.ts';
import { KeptComponents } from './kept_components.ts';

const test = suite('kept components');

test('what no unsettled step is pinned to is deleted; what is pinned, or loaded again, stays', async () => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'weft-kept-'));
  try {
    const components = await openComponentStore({
      cacheDirectory,
      component_bytes_max: COMPONENT_BYTES_MAX,
      memory_bytes_max: STEP_LIMIT_PRESETS.memory_bytes_max,
      validateCapability: believe,
    });
    const [pinned, done, back] = await Promise.all(
      [await fixtureComponent('probe'), await greeterVariant(), await greeterVariant({ mark: 'back' })].map((bytes) =>
        components.load(bytes),
      ),
    );
    const homes = [pinned, done, back].map((component) => components.locate(component!.digest)!);
    for (const component of [pinned, done, back]) components.release(component!.digest);
    assert.equal(homes.map(existsSync), [true, true, true], 'a released component can still be run');

    const step = (id: string, digest: string, status: string) => [id, { pin: { digest }, status }];
    const state = {
      steps: new Map([
        step('1', pinned!.digest, 'waiting_for_retry'),
        step('2', done!.digest, 'complete'),
        step('3', back!.digest, 'complete'),
      ] as never),
    } as unknown as TaskState;
    let looks = 0;
    const kept = new KeptComponents({
      components,
      store: { listTasks: async () => ({ items: [{ task_id: 'task-1' } as never] }) },
      async look(_id, view) {
        looks++;
        // Its file returns while tasks are being looked at.
        await components.load(await greeterVariant({ mark: 'back' }));
        return view(state);
      },
      clock: SYSTEM_CLOCK,
      logger: pino({ level: 'silent' }),
    });
    await kept.collect();
    assert.equal(homes.map(existsSync), [true, false, true]);
    assert.is(components.locate(done!.digest), undefined);
    assert.equal(
      components.kept().map(({ digest }) => digest),
      [pinned!.digest],
    );

    const again = await components.load(await greeterVariant());
    assert.ok(existsSync(components.locate(again.digest)!), 'a deleted component is loaded anew');
    components.release(pinned!.digest);
    await kept.close();
    assert.is(looks, 1);
  } finally {
    await rm(cacheDirectory, { recursive: true, force: true });
  }
});
