import type { Outcome } from '../../kernel/task/commands.ts';
import type { Failure, SuspensionRequest } from '../../kernel/task/events.ts';
import { DEPTH_MAX, MalformedError, parseJsonText, TooLargeError } from './json_text.ts';

const MESSAGE_CHARACTERS_MAX = 4096;
const NAME_CHARACTERS_MAX = 256;
const DEADLINES_MAX = 16;
/** Workers of one fan-out. */
const BATCHES_MAX = 10_000;
/** UTF-8 bytes of what one worker gets: it travels in a message and stays in the journal. */
const BATCH_BYTES_MAX = 1024 * 1024;
const FAILURE_CODE = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Reads WIT `outcome` as jco's bindings give it, `{tag, val}` with JSON as text, each at most `depthMax` levels deep.
 * @throws MalformedError, TooLargeError
 */
export function readOutcome(value: unknown, depthMax = DEPTH_MAX): Outcome {
  const { tag, val } = record(value, 'outcome');
  switch (tag) {
    case 'complete':
      return { kind: 'complete', result: json(val, 'complete', depthMax) };
    case 'branch': {
      const branch = record(val, 'branch');
      return {
        kind: 'branch',
        steps: list(branch['steps'], 'branch.steps').map((step, i) => text(step, `branch.steps[${i}]`)),
        result: json(branch['result'], 'branch.result', depthMax),
      };
    }
    case 'batches':
      return readBatches(record(val, 'batches'), depthMax);
    case 'suspend':
      return readSuspension(record(val, 'suspend'), depthMax);
    default:
      throw new MalformedError('outcome is none of complete, branch, batches, suspend');
  }
}

/**
 * Reads WIT `failure`.
 * @throws MalformedError
 */
export function readFailure(value: unknown, depthMax = DEPTH_MAX): Failure {
  const { code, message, retryable, retryAfterMs, details } = record(value, 'failure');
  if (typeof code !== 'string' || !FAILURE_CODE.test(code)) {
    throw new MalformedError('failure.code is not a name in lower case of at most 64 characters');
  }
  if (typeof message !== 'string') throw new MalformedError('failure.message is not a text');
  if (typeof retryable !== 'boolean') throw new MalformedError('failure.retryable is not a boolean');
  return {
    code,
    message: message.slice(0, MESSAGE_CHARACTERS_MAX),
    retryable,
    ...(retryAfterMs == null ? {} : { retry_after_ms: u32(retryAfterMs, 'failure.retry-after-ms') }),
    ...(details == null ? {} : { details: json(details, 'failure.details', depthMax) }),
  };
}

function readBatches(batches: Readonly<Record<string, unknown>>, depthMax: number): Outcome {
  const items = list(batches['items'], 'batches.items');
  if (items.length > BATCHES_MAX) {
    throw new TooLargeError(`batches.items has ${items.length} items, where ${BATCHES_MAX} are allowed`);
  }
  return {
    kind: 'batches',
    // Array.from, unlike map, does not skip holes.
    items: Array.from(items, (item, i) => batchItem(item, `batches.items[${i}]`, depthMax)),
    max_concurrency: u32(batches['maxConcurrency'], 'batches.max-concurrency'),
    result: json(batches['result'], 'batches.result', depthMax),
  };
}

function batchItem(item: unknown, what: string, depthMax: number) {
  const bytes = typeof item === 'string' ? Buffer.byteLength(item) : 0;
  if (bytes > BATCH_BYTES_MAX) {
    throw new TooLargeError(`${what} has ${bytes} bytes, where ${BATCH_BYTES_MAX} are allowed`);
  }
  return json(item, what, depthMax);
}

function readSuspension(suspension: Readonly<Record<string, unknown>>, depthMax: number): Outcome {
  const request = json(suspension['request'], 'suspend.request', depthMax);
  if (typeof record(request, 'suspend.request')['title'] !== 'string') {
    throw new MalformedError('suspend.request has no "title"');
  }
  const deadlines = list(suspension['deadlines'], 'suspend.deadlines').map((value, i) => {
    const deadline = record(value, `suspend.deadlines[${i}]`);
    return {
      name: text(deadline['name'], `suspend.deadlines[${i}].name`),
      after_ms: u32(deadline['afterMs'], `suspend.deadlines[${i}].after-ms`),
    };
  });
  if (deadlines.length > DEADLINES_MAX) throw new MalformedError(`suspend.deadlines has more than ${DEADLINES_MAX}`);
  if (new Set(deadlines.map(({ name }) => name)).size < deadlines.length) {
    throw new MalformedError('suspend.deadlines has a name twice');
  }
  return {
    kind: 'suspend',
    state: json(suspension['state'], 'suspend.state', depthMax),
    request: request as SuspensionRequest,
    signals: json(suspension['signals'], 'suspend.signals', depthMax),
    deadlines,
  };
}

function json(value: unknown, what: string, depthMax: number) {
  if (typeof value !== 'string') throw new MalformedError(`${what} is not a JSON text`);
  return parseJsonText(value, what, depthMax);
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedError(`${what} is not a record`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError(`${what} is not a list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.length > NAME_CHARACTERS_MAX) {
    throw new MalformedError(`${what} is not a name of at most ${NAME_CHARACTERS_MAX} characters`);
  }
  return value;
}

function u32(value: unknown, what: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff_ffff) {
    throw new MalformedError(`${what} is not a u32`);
  }
  return value as number;
}
