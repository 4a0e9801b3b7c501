import { assert, suite } from '../../testing/suite.ts';
import type { CellOrder, HostReply } from './cell/messages.ts';
import type { Cell } from './cell.ts';
import type { OrderEnd } from './cell_link.ts';
import { CONFINEMENT } from './fixtures/runs.ts';
import { rehearse } from './rehearsal.ts';

const test = suite('rehearsal');

const MEASURE = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };

/** A cell whose component describes itself so, makes these calls when it runs, and ends so. */
function cellWith(
  capability: object,
  calls: readonly string[] = [],
  end: OrderEnd = { kind: 'returned', value: null },
) {
  const orders: CellOrder['call'][] = [];
  const replies: HostReply[] = [];
  const cell: Cell = {
    pid: 1,
    isAlive: true,
    ready: Promise.resolve(true),
    exited: new Promise(() => undefined),
    async perform({ call }, callHost) {
      orders.push(call);
      if (call.name === 'describe')
        return { end: { kind: 'returned', value: JSON.stringify(capability) }, measure: MEASURE };
      for (const name of calls) replies.push(await callHost(name, []));
      return { end, measure: MEASURE };
    },
    kill: () => undefined,
  };
  return { cell, orders, replies };
}

const EXAMPLES = { composition: { examples: [{ title: 'x', config: { a: 1 }, inputs: { b: [2] } }, { title: 'y' }] } };

/** What is wrong with a rehearsal; undefined when it went well. */
async function problemOf({ cell }: { readonly cell: Cell }): Promise<string | undefined> {
  return rehearse(cell, '/cache/a', CONFINEMENT.memory_bytes_max).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test('describes a component and runs its first example', async () => {
  const { cell, orders } = cellWith(EXAMPLES);
  await rehearse(cell, '/cache/a', CONFINEMENT.memory_bytes_max);
  assert.equal(
    orders.map((call) => call.name === 'run' && [call.step.config, call.step.inputs]),
    [false, ['{"a":1}', '{"b":[2]}']],
  );
});

test('a component without examples is only described', async () => {
  for (const capability of [{}, { composition: {} }, { composition: { examples: [] } }]) {
    const { cell, orders } = cellWith(capability);
    await rehearse(cell, '/cache/a', CONFINEMENT.memory_bytes_max);
    assert.equal(orders, [{ name: 'describe' }]);
  }
});

test('lets nothing out: what could fail is denied, the rest answers nothing', async () => {
  const calls = [
    'weft:http/client#send',
    'weft:mail/sender#send',
    'weft:clock/wall-clock#now-ms',
    'weft:log/logger#log',
  ];
  const { cell, replies } = cellWith(EXAMPLES, calls);
  await rehearse(cell, '/cache/a', CONFINEMENT.memory_bytes_max);
  const denied = { error: { tag: 'denied', val: 'this is a rehearsal' } };
  assert.equal(replies, [denied, denied, { ok: '0' }, { ok: undefined }]);
});

test('a failure of the handler is none of the rehearsal', async () => {
  assert.is(await problemOf(cellWith(EXAMPLES, [], { kind: 'failed', value: {} })), undefined);
});

test('says when the cell is of no more use', async () => {
  assert.match(
    (await problemOf(cellWith(EXAMPLES, [], { kind: 'trapped', message: 'x' }))) ?? '',
    /example ended by trapped/,
  );
  const crashed = { kind: 'crashed', how: 'x', heap_exhausted: false } as const;
  assert.match((await problemOf(cellWith(EXAMPLES, [], crashed))) ?? '', /example ended by crashed/);
});
