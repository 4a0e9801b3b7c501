import type { CellMeasure, FromCell, GuestEnd } from './cell/messages.ts';

/**
 * Checks what a cell sent: nothing of it is believed because a cell said so.
 * @throws Error that names what is wrong
 */
export function readCellMessage(value: unknown): FromCell {
  const message = record(value, 'the message');
  switch (message['kind']) {
    case 'ready':
      return { kind: 'ready' };
    case 'call': {
      const { run, name, args } = message;
      if (typeof name !== 'string' || !Array.isArray(args)) throw new Error('a host call without name or arguments');
      return { kind: 'call', run: count(run, 'run'), name, args };
    }
    case 'end':
      return {
        kind: 'end',
        run: count(message['run'], 'run'),
        end: readEnd(record(message['end'], 'end')),
        measure: readMeasure(record(message['measure'], 'measure')),
      };
    default:
      throw new Error('a message of an unknown kind');
  }
}

function readEnd(end: Readonly<Record<string, unknown>>): GuestEnd {
  const { kind, value, message, what, bytes } = end;
  switch (kind) {
    case 'returned':
    case 'failed':
      return { kind, value };
    case 'trapped':
    case 'unloadable':
      return { kind, message: text(message) };
    case 'too_large':
      return { kind, what: what === 'host call' || what === 'memory' ? what : 'output', bytes: count(bytes, 'bytes') };
    default:
      throw new Error('an end of an unknown kind');
  }
}

function readMeasure(measure: Readonly<Record<string, unknown>>): CellMeasure {
  return {
    instantiate_ms: count(measure['instantiate_ms'], 'instantiate_ms'),
    run_ms: count(measure['run_ms'], 'run_ms'),
    memory_bytes: count(measure['memory_bytes'], 'memory_bytes'),
  };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new Error(`${what} is not a count`);
  return value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 1000) : '';
}
