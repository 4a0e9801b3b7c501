import type { CellOrder, HostReply, StepRecord, ToCell } from './messages.ts';

/**
 * Reads what the broker sent. It is trusted; what is not of this shape is a broken pipe or a defect, and nothing of it
 * is performed.
 * @throws Error that names what is wrong
 */
export function readBrokerMessage(value: unknown): ToCell {
  const message = record(value, 'the message');
  const run = natural(message['run'], 'run');
  switch (message['kind']) {
    case 'run':
      return { kind: 'run', run, order: readOrder(record(message['order'], 'order')) };
    case 'reply':
      return { kind: 'reply', run, reply: readReply(record(message['reply'], 'reply')) };
    default:
      throw new Error('a message of an unknown kind');
  }
}

function readOrder(order: Readonly<Record<string, unknown>>): CellOrder {
  const { directory } = order;
  if (typeof directory !== 'string') throw new Error('an order without a directory');
  return {
    directory,
    memory_bytes_max: natural(order['memory_bytes_max'], 'memory_bytes_max'),
    call: readCall(record(order['call'], 'call')),
    output_bytes_max: natural(order['output_bytes_max'], 'output_bytes_max'),
    frame_bytes_max: natural(order['frame_bytes_max'], 'frame_bytes_max'),
  };
}

function readCall({ name, step }: Readonly<Record<string, unknown>>): CellOrder['call'] {
  if (name === 'describe') return { name };
  // Its fields are lowered into the guest by the binding, which checks them.
  if (name === 'run') return { name, step: record(step, 'step') as unknown as StepRecord };
  throw new Error('an order for an unknown export');
}

function readReply(reply: Readonly<Record<string, unknown>>): HostReply {
  return 'error' in reply ? { error: reply['error'] } : { ok: reply['ok'] };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function natural(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${what} is not a natural number`);
  return value as number;
}
