import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '../../testing/suite.ts';
import { createCellExecutor } from './cell_executor.ts';
import { failureOf, probeLab, resultOf, verdict } from './fixtures/lab.ts';
import { CONFINEMENT, hostFunctions, silent, smuggled, stepRun } from './fixtures/runs.ts';
import type { StepRun } from './port.ts';

const test = suite('hostile guests');

const MB = 1024 * 1024;

const lab = probeLab(test);
const { run } = lab;

/** That a bad run fails alone: by this code, and the next run is as good as ever. */
async function failsAlone(config: StepRun['config'], code: string, overrides?: Parameters<typeof stepRun>[2]) {
  const failure = failureOf(await run(config, overrides));
  assert.is(failure.code, code, failure.message);
  assert.is(resultOf(await run({ do: 'honest' }))['runs'], 1);
  return failure;
}

test('kills an endless loop at its deadline', async () => {
  const failure = await failsAlone({ do: 'loop' }, 'timeout', { limits: { timeout_ms: 500 } });
  assert.is(failure.retryable, true);
});

test('stops a guest that has used up its processor time, and not one that waits', async () => {
  const limits = { cpu_ms_max: 200, timeout_ms: 60_000 };
  const failure = await failsAlone({ do: 'loop' }, 'cpu_exceeded', { limits });
  assert.equal([failure.retryable, /200 ms/.test(failure.message)], [false, true]);
  const slow = hostFunctions(async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    return { ok: '1' };
  });
  // The first run compiles the component, which counts.
  assert.is(verdict(await run({ do: 'clock' }, { host: slow, limits: { ...limits, cpu_ms_max: 500 } })), 'complete');
});

test('survives what a guest does to itself', async () => {
  assert.match((await failsAlone({ do: 'throw' }, 'trap')).message, /unreachable/);
  assert.is((await failsAlone({ do: 'trap' }, 'trap')).retryable, false);
  assert.match((await failsAlone({ do: 'recurse' }, 'trap')).message, /stack/);
});

test('stops a guest that eats memory', async () => {
  assert.is((await failsAlone({ do: 'hoard' }, 'memory_exceeded')).retryable, false);
});

test("holds a run to its own memory limit, below the cell's", async () => {
  const limits = { memory_bytes_max: 8 * MB };
  await failsAlone({ do: 'hoard' }, 'memory_exceeded', { limits });
  const { measure } = await run({ do: 'hoard' }, { limits });
  assert.ok(measure.memory_bytes > MB && measure.memory_bytes <= limits.memory_bytes_max, JSON.stringify(measure));
  // One large allocation is refused before the memory is large; the handler traps, and the failure tells both sizes.
  assert.match((await failsAlone({ do: 'grow', bytes: 16 * MB }, 'trap', { limits })).message, /of 8388608 bytes/);
  assert.is(resultOf(await run({ do: 'grow', bytes: 2 * MB }, { limits })), 2 * MB);
});

test('refuses outcomes that are not JSON of a decent shape', async () => {
  for (const act of ['not_json', 'deep', 'infinite', 'proto']) {
    assert.is((await failsAlone({ do: act }, 'output_malformed')).retryable, false);
  }
});

test('holds a cell to the output limit that it should have kept', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-smuggled-'));
  const components = smuggled(
    directory,
    `send({ kind: 'end', run: 1, end: { kind: 'returned', value: 'x'.repeat(2000) }, measure }); await never;`,
  );
  const deceived = createCellExecutor({ cells: 1, components, ...CONFINEMENT, logger: silent });
  try {
    assert.is(
      verdict(await deceived.run(stepRun('any', {}, { limits: { output_bytes_max: 1000 } }))),
      'output_too_large',
    );
  } finally {
    await deceived.close();
    rmSync(directory, { recursive: true });
  }
});

test('refuses outcomes and host calls beyond their limits', async () => {
  await failsAlone({ do: 'huge', bytes: 2 * MB }, 'output_too_large');
  await failsAlone({ do: 'shout', bytes: 4 * MB }, 'output_too_large');
  const limits = { output_bytes_max: 3 * MB };
  assert.is((resultOf(await run({ do: 'huge', bytes: 2 * MB }, { limits })) as unknown as string).length, 2 * MB);
});

test('reports a host function that rejects', async () => {
  const broken = hostFunctions(() => Promise.reject(new Error('a null pointer of sorts')));
  const failure = await failsAlone({ do: 'clock' }, 'host_bug', { host: broken });
  assert.match(failure.message, /null pointer/);
});

test('survives a cell that is killed from outside', async () => {
  const started = Promise.withResolvers<void>();
  const never = hostFunctions(() => {
    started.resolve();
    return new Promise(() => undefined);
  });
  const alone = lab.openExecutor(1);
  try {
    const { cell_pid } = (await alone.run(stepRun(lab.probe, { do: 'honest' }))).measure;
    const running = alone.run(stepRun(lab.probe, { do: 'clock' }, { host: never }));
    await started.promise;
    process.kill(cell_pid, 'SIGKILL');
    const ended = await running;
    const failure = failureOf(ended);
    assert.is(failure.code, 'cell_crashed');
    assert.match(failure.message, /SIGKILL/);
    assert.ok(ended.measure.run_ms > 0 && ended.measure.cell_pid === cell_pid, 'a dead cell leaves a measure');
    assert.is(verdict(await alone.run(stepRun(lab.probe, { do: 'honest' }))), 'complete');
  } finally {
    await alone.close();
  }
});
