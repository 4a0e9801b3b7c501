import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '../../testing/suite.ts';
import { createCellExecutor } from './cell_executor.ts';
import { failureOf, outcomeOf, probeLab, resultOf, verdict } from './fixtures/lab.ts';
import { CONFINEMENT, hostFunctions, silent, stepRun } from './fixtures/runs.ts';
import type { RunEnd } from './port.ts';

const test = suite('cell executor');

const MB = 1024 * 1024;

const lab = probeLab(test);
const { run } = lab;

test('gives the guest the whole step and the caller its outcome', async () => {
  const signals = [{ id: 'x', at: 5, principal: 'ann', roles: ['lead'], data: { ok: true } }];
  const { step } = resultOf(
    await run({ do: 'honest', n: [1, 'é', null] }, { inputs: { a: 1 }, resume: { state: 7, signals, fired: 'late' } }),
  );
  assert.equal(step, {
    taskId: 'task-1',
    stepId: 'task-1.0',
    stepName: 'probing',
    attempt: 1,
    idempotencyKey: 'key-1',
    config: '{"do":"honest","n":[1,"é",null]}',
    inputs: '{"a":1}',
    resume: {
      state: '7',
      signals: '[{"id":"x","principal":"ann","roles":["lead"],"data":{"ok":true},"at_ms":5}]',
      fired: 'late',
    },
  });
});

test('decodes the other outcomes too', async () => {
  assert.equal(outcomeOf(await run({ do: 'branch' })), { kind: 'branch', steps: ['a', 'b'], result: { why: 'so' } });
  assert.equal(outcomeOf(await run({ do: 'suspend' })), {
    kind: 'suspend',
    state: { asked: 1 },
    request: { title: 'May it?' },
    signals: { type: 'object' },
    deadlines: [{ name: 'reminder', after_ms: 1000 }],
  });
});

test('starts every step from the same state', async () => {
  for (let i = 0; i < 5; i++) assert.is(resultOf(await run({ do: 'honest' }))['runs'], 1);
});

test('measures what a run cost', async () => {
  const { measure } = await run({ do: 'honest' });
  assert.ok(measure.queue_ms >= 0 && measure.instantiate_ms > 0 && measure.run_ms > 0, JSON.stringify(measure));
  assert.ok(measure.memory_bytes >= MB && measure.memory_bytes % 65536 === 0, JSON.stringify(measure));
  assert.ok(measure.cell_pid > 0 && measure.cell_pid !== process.pid);
});

test('performs host calls and gives the guest their answers', async () => {
  const calls: unknown[] = [];
  const response = { status: 200, headers: [{ name: 'a', value: 'b' }], body: { tag: 'text', val: 'héllo' } };
  const answered = await run(
    { do: 'fetch', url: 'http://x/' },
    {
      host: hostFunctions(async (name, args) => {
        calls.push([name, ...args]);
        return { ok: { ...response, url: 'http://x/', latencyMs: 3 } };
      }),
    },
  );
  assert.equal(resultOf(answered)['response'], { ...response, url: 'http://x/', latencyMs: 3 });
  const none = { tag: 'none' };
  const request = { method: 'GET', url: 'http://x/', headers: [], body: none, auth: none };
  assert.equal(calls, [['weft:http/client#send', { ...request, timeoutMs: 1000, maxRedirects: 0, maxBytes: 1000 }]]);

  const refused = hostFunctions(async () => ({ error: { tag: 'denied', val: 'not allowed' } }));
  assert.equal(resultOf(await run({ do: 'fetch', url: 'http://x/' }, { host: refused })), {
    error: { tag: 'denied', val: 'not allowed' },
  });
});

test('carries a u64 whole and a call without a result', async () => {
  const now = hostFunctions(async () => ({ ok: '9007199254740993000' }));
  assert.equal(resultOf(await run({ do: 'clock' }, { host: now })), { now: '9007199254740993000' });

  const lines: unknown[] = [];
  const log = hostFunctions(async (name, args) => ({ ok: void lines.push([name, ...args]) }));
  assert.is(resultOf(await run({ do: 'log', message: 'a "line"\n' }, { host: log })), null);
  assert.equal(lines, [['weft:log/logger#log', 'warn', 'a "line"\n', '{"n":1}']]);
});

test('an answer that the interface does not have ends the run', async () => {
  for (const answer of [{ ok: undefined }, { ok: 'soon' }, { error: 'no clock' }]) {
    const end = await run({ do: 'clock' }, { host: hostFunctions(async () => answer) });
    assert.is(failureOf(end).code, 'trap');
  }
});

test("passes the handler's own failure on", async () => {
  assert.equal(failureOf(await run({ do: 'fail' })), {
    code: 'no_luck',
    message: 'try later',
    retryable: true,
    retry_after_ms: 1500,
    details: { left: 2 },
  });
});

test('runs as many steps at once as it has cells, the others after them', async () => {
  const order: number[] = [];
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  let inFlight = 0;
  const both = Promise.withResolvers<void>();
  const runs = gates.map((gate, i) =>
    run(
      { do: 'clock' },
      {
        host: hostFunctions(async () => {
          order.push(i);
          if (++inFlight === 2) both.resolve();
          assert.ok(inFlight <= 2, 'more runs in flight than cells');
          await gate.promise;
          inFlight--;
          return { ok: '1' };
        }),
      },
    ),
  );
  await both.promise;
  assert.equal([...order].sort(), [0, 1]);
  for (const gate of gates) gate.resolve();
  assert.equal((await Promise.all(runs)).map(verdict), ['complete', 'complete', 'complete', 'complete']);
  // They start in order, but two cells may ask in either.
  assert.equal(order.slice(2).sort(), [2, 3]);
  assert.is(lab.executor.capacity, 2);
});

test('an abort kills a run, and takes one that waits out of the line', async () => {
  const started = Promise.withResolvers<void>();
  const stuck = hostFunctions(() => {
    started.resolve();
    return new Promise(() => undefined);
  });
  const alone = lab.openExecutor(1);
  try {
    const [running, waiting, before] = [new AbortController(), new AbortController(), new AbortController()];
    before.abort();
    const ends = Promise.all([
      alone.run(stepRun(lab.probe, { do: 'clock' }, { host: stuck, signal: running.signal })),
      alone.run(stepRun(lab.probe, { do: 'honest' }, { signal: waiting.signal })),
      alone.run(stepRun(lab.probe, { do: 'honest' }, { signal: before.signal })),
    ]);
    await started.promise;
    waiting.abort();
    running.abort();
    assert.equal((await ends).map(verdict), ['cancelled', 'cancelled', 'cancelled']);
    const next = await alone.run(stepRun(lab.probe, { do: 'honest' }));
    assert.is(verdict(next), 'complete');
    assert.is.not(next.measure.cell_pid, (await ends)[0].measure.cell_pid);
  } finally {
    await alone.close();
  }
});

test('a step that waits past its timeout for a cell fails by it', async () => {
  const alone = lab.openExecutor(1);
  try {
    const long = new AbortController();
    const first = alone.run(stepRun(lab.probe, { do: 'loop' }, { signal: long.signal }));
    const second = await alone.run(stepRun(lab.probe, { do: 'honest' }, { limits: { timeout_ms: 100 } }));
    assert.is(verdict(second), 'timeout');
    assert.is(second.measure.cell_pid, 0);
    long.abort();
    assert.is(verdict(await first), 'cancelled');
  } finally {
    await alone.close();
  }
});

test('steps do not wait for ever when no cell can start', async () => {
  const components = { directory: tmpdir(), locate: () => tmpdir(), digests: () => [] };
  const broken = createCellExecutor({ ...CONFINEMENT, cells: 1, components, heap_mb_max: Number.NaN, logger: silent });
  const failure = failureOf(await broken.run(stepRun('any', {}, { limits: { timeout_ms: 200 } })));
  assert.match(failure.message, /waiting for a free cell/);
  await broken.close();
});

test('a component that was not loaded is unavailable', async () => {
  assert.is(lab.executor.has(lab.probe), true);
  assert.is(lab.executor.has('sha256:00'), false);
  const failure = failureOf(await lab.executor.run(stepRun('sha256:00', {})));
  assert.equal([failure.code, failure.retryable], ['component_unavailable', true]);
});

test('closing ends what runs and leaves no process', async () => {
  const closing = lab.openExecutor(2);
  const pids = (
    await Promise.all([
      closing.run(stepRun(lab.probe, { do: 'honest' })),
      closing.run(stepRun(lab.probe, { do: 'honest' })),
    ])
  ).map(({ measure }) => measure.cell_pid);
  const running = [1, 2, 3].map(() => closing.run(stepRun(lab.probe, { do: 'loop' })));
  await closing.close();
  assert.equal((await Promise.all(running)).map(verdict), ['cancelled', 'cancelled', 'cancelled']);
  for (const pid of new Set(pids)) assert.throws(() => process.kill(pid, 0), /ESRCH/);
  assert.is(verdict(await closing.run(stepRun(lab.probe, { do: 'honest' }))), 'cancelled');
});

test('two hundred steps in one cell leave nothing behind', async () => {
  const alone = lab.openExecutor(1);
  try {
    const ends: RunEnd[] = [];
    for (let i = 0; i < 200; i++) ends.push(await alone.run(stepRun(lab.probe, { do: 'honest' })));
    assert.equal(new Set(ends.map(verdict)), new Set(['complete']));
    // A heap of 96 MB would not hold 200 instances; a cell that kept them would have died.
    assert.is(new Set(ends.map(({ measure }) => measure.cell_pid)).size, 1);
    assert.is(new Set(ends.map(({ measure }) => measure.memory_bytes)).size, 1);
  } finally {
    await alone.close();
  }
});

test('replaces a cell that has worked enough, and loses no step by it', async () => {
  const alone = lab.openExecutor(1, { cell_runs_max: 3 });
  const pids = new Set<number>();
  let inFlight = 0;
  const host = hostFunctions(async () => {
    assert.ok(++inFlight <= 1, 'a cell and the one that replaces it worked at once');
    await new Promise((resolve) => setTimeout(resolve, 5));
    inFlight--;
    return { ok: '1' };
  });
  try {
    // Never without work: whoever replaces a cell has to wait for the end of a run.
    const work = async () => {
      while (pids.size < 4) {
        const end = await alone.run(stepRun(lab.probe, { do: 'clock' }, { host }));
        assert.is(verdict(end), 'complete');
        pids.add(end.measure.cell_pid);
      }
    };
    await Promise.all([work(), work(), work()]);
  } finally {
    await alone.close();
  }
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

test('a cell that dies takes its own step with it and no other', async () => {
  const [pid] = await Promise.all([run({ do: 'honest' }), run({ do: 'honest' })]).then((ends) =>
    ends.map(({ measure }) => measure.cell_pid),
  );
  const gate = Promise.withResolvers<void>();
  const both = Promise.withResolvers<void>();
  let asked = 0;
  const host = hostFunctions(async () => {
    if (++asked === 2) both.resolve();
    await gate.promise;
    return { ok: '1' };
  });
  const running = [run({ do: 'clock' }, { host }), run({ do: 'clock' }, { host })];
  await both.promise;
  const waiting = run({ do: 'honest' });
  process.kill(pid!, 'SIGKILL');
  const crashed = await Promise.race(running);
  assert.equal([verdict(crashed), crashed.measure.cell_pid], ['cell_crashed', pid]);
  assert.is(verdict(await waiting), 'complete', 'the dead cell was replaced');
  gate.resolve();
  assert.equal((await Promise.all(running)).map(verdict).sort(), ['cell_crashed', 'complete']);
});

test('cells with nothing to do rehearse what is loaded later', async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'weft-later-')));
  const source = `
    export const instantiate = () => ({ handler: {
      describe: () => { globalThis.described = (globalThis.described ?? 0) + 1; return '{}'; },
      run: async () => ({ tag: 'complete', val: String(globalThis.described ?? 0) }),
    } });`;
  writeFileSync(join(directory, 'component.mjs'), source);
  const loaded: string[] = [];
  const components = { directory, locate: () => directory, digests: () => loaded };
  const alone = createCellExecutor({ ...CONFINEMENT, cells: 1, components, logger: silent });
  try {
    const described = async () => resultOf(await alone.run(stepRun('first', {}))) as unknown as number;
    assert.is(await described(), 0);
    // A run has them rehearsed too, after it ended: it must have been before.
    for (let tries = 1; ; tries++) {
      loaded.push(`later-${tries}`);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      if ((await described()) === tries) break;
    }
  } finally {
    await alone.close();
    rmSync(directory, { recursive: true });
  }
});
