import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { nativeHandlers, noop } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { startWeft } from '../compose.ts';
import { loadConfig } from '../config/load.ts';

const test = suite('plugins around a running engine');

const root = mkdtempSync(join(tmpdir(), 'weft-plugins-'));
test.after(() => rmSync(root, { recursive: true }));

/** A plugin as somebody would drop it into a folder; what it hears ends up in a global of its own. */
const SPY = `
export default {
  name: 'spy', version: '1.0.0', kernel: '^1',
  optionsSchema: { type: 'object', properties: { refuse: { type: 'string' } }, additionalProperties: false },
  apply(hooks, { refuse }) {
    const heard = (globalThis.spied ??= []);
    hooks.beforeMaterialization.tap(({ steps }) => steps.some(({ name }) => name === refuse) ? 'no ' + refuse + ' here' : undefined);
    hooks.stepDispatch.tap(async ({ step_name }) => { heard.push('dispatch ' + step_name); });
    hooks.stepSettled.tap(async ({ step_name, status }) => { heard.push(step_name + ' ' + status); });
    hooks.taskSettled.tap(async ({ status }) => { heard.push('task ' + status); throw new Error('a tap that fails'); });
  },
};`;

const template = (...names: string[]): Json => ({
  name: 'plugged',
  version: '1.0.0',
  steps: names.map((name) => ({ name, handler: { catalog: 'noop', config: {} }, inputs: {} })),
});

test('a plugin from a folder hears what happens, may refuse steps, and breaks nothing when it fails', async () => {
  const folder = join(root, 'plugins', 'spy');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'plugin.mjs'), SPY);
  const config = await loadConfig({ cwd: root, env: { WEFT_DATA_DIRECTORY: join(root, 'data') } });
  const weft = await startWeft(
    { ...config, plugins: { directories: [join(root, 'plugins')], options: { spy: { refuse: 'forbidden' } } } },
    { logger: pino({ level: 'silent' }), native: nativeHandlers([noop], 1) },
  );
  try {
    const submit = (document: Json) =>
      weft.engine.submit({ template: { kind: 'document', document }, context: {}, principal: 'tester' });
    const { task } = await submit(template('only'));
    for await (const _ of weft.engine.watch(task.task_id, 0, new AbortController().signal));
    const { spied } = globalThis as unknown as { spied: string[] };
    assert.equal(spied, ['dispatch only', 'only complete', 'task complete']);
    const error = await submit(template('forbidden')).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.instance(error, WeftError);
    assert.is((error as WeftError).code, 'steps_refused');
    assert.match((error as WeftError).message, 'no forbidden here');
    assert.is((await weft.engine.tasks({ limit: 10 })).items.length, 1, 'the refused task was never created');
  } finally {
    await weft.close();
  }
});
