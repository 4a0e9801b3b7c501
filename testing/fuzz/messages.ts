import { createBrokerLink } from '../../host/sandbox/cell/broker_link.ts';
import { encodeFrame, FrameReader } from '../../host/sandbox/cell/frames.ts';
import type { CellOrder, GuestEnd } from '../../host/sandbox/cell/messages.ts';
import { createCellLink, type OrderReport } from '../../host/sandbox/cell_link.ts';
import { judgeRun } from '../../host/sandbox/run_end.ts';
import type { Target } from './fuzzer.ts';

const LIMITS = { memory_bytes_max: 1024 * 1024, output_bytes_max: 10_000, output_depth_max: 8 };
const MEASURE = { instantiate_ms: 1, run_ms: 2, memory_bytes: 65_536 };

const ORDER: CellOrder = {
  directory: '/nowhere',
  memory_bytes_max: LIMITS.memory_bytes_max,
  call: { name: 'describe' },
  output_bytes_max: LIMITS.output_bytes_max,
  frame_bytes_max: 20_000,
};

const ENDS: readonly GuestEnd[] = [
  { kind: 'returned', value: { tag: 'complete', val: '{"a":[1,2,{"b":null}]}' } },
  { kind: 'returned', value: { tag: 'branch', val: { steps: ['a', 'b'], result: '{}' } } },
  { kind: 'returned', value: { tag: 'batches', val: { items: ['1', '2'], maxConcurrency: 2, result: 'null' } } },
  {
    kind: 'returned',
    value: {
      tag: 'suspend',
      val: { state: '1', request: '{"title":"t"}', signals: '{}', deadlines: [{ name: 'd', afterMs: 5 }] },
    },
  },
  { kind: 'failed', value: { code: 'no_luck', message: 'm', retryable: true, retryAfterMs: 5, details: '{}' } },
  { kind: 'trapped', message: 'unreachable' },
  { kind: 'too_large', what: 'output', bytes: 20_000 },
  { kind: 'unloadable', message: 'gone' },
];

/**
 * A conversation in two forms: as it goes through the pipe, where most damage breaks a frame, and as lines of JSON, which
 * `stream` frames, so that damage reaches what reads the messages.
 */
function bothForms(messages: readonly unknown[]): Buffer[] {
  return [
    Buffer.concat(messages.map(encodeFrame)),
    Buffer.from(messages.map((message) => JSON.stringify(message)).join('\n')),
  ];
}

function stream(input: Buffer): Buffer {
  if (input[0] !== '{'.charCodeAt(0)) return input;
  const frames = input
    .toString('latin1')
    .split('\n')
    .map((line) => {
      const body = Buffer.from(line, 'latin1');
      const head = Buffer.alloc(4);
      head.writeUInt32LE(body.length);
      return Buffer.concat([head, body]);
    });
  return Buffer.concat(frames);
}

/** What a cell sends, damaged: the run ends in an outcome or a failure, and no message gets past its limits. */
export function cellTarget(): Target {
  const call = { kind: 'call', run: 1, name: 'weft:log/logger#log', args: ['info', 'm', '{}'] };
  return {
    name: 'from-cell',
    inputs: ENDS.flatMap((end) =>
      bothForms([{ kind: 'ready' }, call, call, { kind: 'end', run: 1, end, measure: MEASURE }]),
    ),
    async check(damaged) {
      const input = stream(damaged);
      let killed = false;
      const link = createCellLink({
        write: () => undefined,
        kill: () => {
          killed = true;
        },
      });
      const running = link.perform(ORDER, async (name, args) => {
        if (typeof name !== 'string' || !Array.isArray(args)) throw new Error('a call that is none was passed on');
        return { ok: undefined };
      });
      // In pieces, with a turn between them in which host calls are answered.
      for (let at = 0; at < input.length; at += 61) {
        link.receive(input.subarray(at, at + 61));
        await null;
        await null;
      }
      link.ended('it went away');
      return `${verdictOf(await running)}${killed ? ', killed' : ''}`;
    },
  };
}

function verdictOf(report: OrderReport): string {
  const verdict = judgeRun(report, LIMITS);
  if (verdict.kind === 'failure') return 'failure';
  const text = JSON.stringify(verdict.outcome);
  if (text.length > 2 * LIMITS.output_bytes_max) throw new Error(`an outcome of ${text.length} characters`);
  if (text.includes('"__proto__"')) throw new Error('an outcome with a prototype');
  return verdict.outcome.kind;
}

/** What a broker sends, damaged: the cell performs an order that is one, or ends; what it writes are messages. */
export function brokerTarget(): Target {
  const step = { taskId: 't', stepId: 's', stepName: 'n', attempt: 1, idempotencyKey: 'k', config: '{}', inputs: '{}' };
  const replies = [{ ok: '1' }, { error: { tag: 'denied', val: 'no' } }];
  const calls = [ORDER.call, { name: 'run', step }] as const;
  return {
    name: 'to-cell',
    inputs: calls.flatMap((call) =>
      replies.flatMap((reply) =>
        bothForms([
          { kind: 'run', run: 1, order: { ...ORDER, call } },
          { kind: 'reply', run: 1, reply },
          { kind: 'run', run: 2, order: ORDER },
        ]),
      ),
    ),
    async check(damaged) {
      const input = stream(damaged);
      const written: Buffer[] = [];
      const link = createBrokerLink(
        (frame) => void written.push(frame),
        async (order, callHost) => {
          if (typeof order.directory !== 'string' || !Number.isSafeInteger(order.frame_bytes_max)) {
            throw new Error('an order that is none was performed');
          }
          void callHost('weft:clock/wall-clock#now-ms', []).catch(() => undefined);
          return { end: { kind: 'returned', value: null }, measure: MEASURE };
        },
      );
      let became = 'performed';
      try {
        for (let at = 0; at < input.length; at += 61) {
          link.receive(input.subarray(at, at + 61));
          await null;
        }
      } catch (error) {
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        became = 'ended';
      }
      await null;
      await null;
      const reader = new FrameReader();
      for (const frame of written) if (reader.push(frame).length !== 1) throw new Error('half a message was written');
      return became;
    },
  };
}
