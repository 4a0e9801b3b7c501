import type { Outcome } from '../../kernel/task/commands.ts';
import type { Failure } from '../../kernel/task/events.ts';
import { textBytes } from './cell/text_bytes.ts';
import type { OrderEnd, OrderReport } from './cell_link.ts';
import { sandboxFailure } from './failures.ts';
import { MalformedError, TooLargeError } from './json_text.ts';
import { readFailure, readOutcome } from './outcome.ts';
import type { StepLimits } from './port.ts';

/** A run's outcome or failure; `RunEnd` without its measure. */
export type RunVerdict =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** The limits that a finished run is held to. */
export type RunLimits = Pick<StepLimits, 'memory_bytes_max' | 'output_bytes_max' | 'output_depth_max'>;

/** What a cell's report of `run` means for the step. */
export function judgeRun({ end, measure }: OrderReport, limits: RunLimits): RunVerdict {
  const { memory_bytes_max, output_bytes_max, output_depth_max } = limits;
  if (measure.memory_bytes > memory_bytes_max) {
    const detail = `${measure.memory_bytes} bytes of linear memory, where ${memory_bytes_max} are allowed`;
    return failed(sandboxFailure('memory_exceeded', detail));
  }
  if (end.kind !== 'returned' && end.kind !== 'failed')
    return failed(failureOf(end, measure.memory_bytes, memory_bytes_max));
  // The cell checks this too, but it is the guest's house.
  const bytes = textBytes(end.value);
  if (bytes > output_bytes_max) return failed(sandboxFailure('output_too_large', `output of ${bytes} bytes`));
  try {
    return end.kind === 'returned'
      ? { kind: 'outcome', outcome: readOutcome(end.value, output_depth_max) }
      : failed(readFailure(end.value, output_depth_max));
  } catch (error) {
    if (error instanceof TooLargeError) return failed(sandboxFailure('output_too_large', error.message));
    if (!(error instanceof MalformedError)) throw error;
    return failed(sandboxFailure('output_malformed', error.message));
  }
}

/** The failure that an order ended in, when its export gave nothing back. */
export function failureOf(
  end: Exclude<OrderEnd, { kind: 'returned' | 'failed' }>,
  memoryBytes: number,
  memoryBytesMax: number,
): Failure {
  switch (end.kind) {
    case 'trapped':
      // An allocator that is refused more memory traps; it asks for large steps, so it is refused well below the cap.
      return memoryBytes >= memoryBytesMax / 2
        ? sandboxFailure('memory_exceeded', `${end.message} at ${memoryBytes} of ${memoryBytesMax} bytes`)
        : sandboxFailure('trap', `${end.message} at ${memoryBytes} of ${memoryBytesMax} bytes of memory`);
    case 'too_large':
      if (end.what === 'memory') {
        return sandboxFailure('memory_exceeded', `it starts with ${end.bytes} of ${memoryBytesMax} bytes`);
      }
      return sandboxFailure('output_too_large', `${end.what} of ${end.bytes} bytes`);
    case 'unloadable':
      return sandboxFailure('component_unavailable', end.message);
    case 'crashed':
      return end.heap_exhausted
        ? sandboxFailure('memory_exceeded', 'JavaScript heap')
        : sandboxFailure('cell_crashed', firstLine(end.how));
    case 'garbage':
      return sandboxFailure('cell_crashed', `it broke the protocol: ${end.problem}`);
    case 'host_failed':
      return sandboxFailure('host_bug', end.error instanceof Error ? end.error.message : String(end.error));
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 500);
}

function failed(failure: Failure): RunVerdict {
  return { kind: 'failure', failure };
}
