import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import type { NumberedEvent } from '../orchestrator/port.ts';

/** What an event stream takes. */
export interface EventStreamOptions {
  /** Starts the events; told to stop by the signal. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<NumberedEvent>;
  readonly heartbeat_ms: number;
  /** Ends the stream early, without the final `end`. */
  readonly closing: AbortSignal;
}

/**
 * A task's events as server-sent events (WHATWG HTML §9.2): `id` is the sequence number, `event` the kind, `data` the
 * event. When the task has settled, a last `event: end` follows; a stream that stops without it was interrupted.
 */
export function eventStream({ watch, heartbeat_ms, closing }: EventStreamOptions): Readable {
  const stream = new PassThrough();
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const heartbeat = setInterval(() => {
    // A reader that does not keep up is not idle.
    if (!stream.writableNeedDrain) stream.write(':\n\n');
  }, heartbeat_ms);
  closing.addEventListener('abort', end, { once: true });
  stream.once('close', end);

  const pump = async (): Promise<void> => {
    try {
      // Sends the headers before the first event.
      stream.write(':\n\n');
      for await (const { seq, event } of watch(stop.signal)) {
        const frame = `id: ${seq}\nevent: ${event.kind}\ndata: ${JSON.stringify({ seq, event })}\n\n`;
        if (!stream.write(frame)) await once(stream, 'drain', { signal: stop.signal });
      }
      if (!stop.signal.aborted) stream.write('event: end\ndata: {}\n\n');
      stream.end();
    } catch (error) {
      if (stop.signal.aborted) stream.end();
      else stream.destroy(error as Error);
    } finally {
      clearInterval(heartbeat);
      closing.removeEventListener('abort', end);
    }
  };
  if (closing.aborted) end();
  void pump();
  return stream;
}
