import { WeftError } from '../../../kernel/errors.ts';
import type { CloudEvent, Consumer, Transport } from '../port.ts';
import { Channel } from './channel.ts';
import { type Disturb, disturbance, type TransportFaults } from './faults.ts';

/** How a memory transport is made. */
export interface MemoryTransportOptions {
  /** For tests: lose, repeat and delay messages. */
  readonly faults?: TransportFaults;
  /** Hears what listeners throw; their deliveries are dropped. */
  readonly onError: (error: unknown) => void;
}

const EVERY_NAMESPACE = '*';
/** In one process every task is in the same partition. */
const RESULTS = 'results';

/**
 * Messages within one process. Every message crosses as JSON text, so that no two parties share an object and nothing
 * passes that another transport could not carry. Messages that nobody consumed are gone when the process is; the
 * store sends them again.
 */
export function createMemoryTransport({ faults, onError }: MemoryTransportOptions): Transport {
  const disturb: Disturb = faults === undefined ? (deliver) => deliver() : disturbance(faults);
  const steps = new Channel(onError);
  const results = new Channel(onError);
  const listeners = new Set<{ readonly type: string; readonly hear: (message: CloudEvent) => void }>();
  let closed = false;

  async function publish(channel: Channel, queue: string, message: CloudEvent): Promise<void> {
    assertOpen();
    const text = JSON.stringify(message);
    disturb(() => {
      if (!closed) channel.publish(queue, text);
    });
  }

  function assertOpen(): void {
    if (closed) throw new WeftError('transport_unavailable', { problem: 'it is closed' });
  }

  function tell(type: string, text: string): void {
    for (const listener of listeners) {
      if (listener.type !== type) continue;
      try {
        listener.hear(JSON.parse(text) as CloudEvent);
      } catch (error) {
        onError(error);
      }
    }
  }

  return {
    publishStep: (namespace, message) => publish(steps, namespace, message),
    async consumeSteps(namespaces, { prefetch }, onDelivery) {
      assertOpen();
      return steps.consume(
        namespaces.includes(EVERY_NAMESPACE) ? undefined : new Set(namespaces),
        prefetch,
        onDelivery,
      );
    },
    publishResult: (_task_id, message) => publish(results, RESULTS, message),
    async consumeResults(onDelivery) {
      assertOpen();
      return results.consume(undefined, Number.POSITIVE_INFINITY, onDelivery);
    },
    async broadcast(message) {
      assertOpen();
      const { type } = message;
      const text = JSON.stringify(message);
      disturb(() => queueMicrotask(() => tell(type, text)));
    },
    async onBroadcast(type, hear): Promise<Consumer> {
      assertOpen();
      // Of its own, so that the same function can listen twice.
      const own = { type, hear };
      listeners.add(own);
      return { close: async () => void listeners.delete(own) };
    },
    async close() {
      closed = true;
      steps.close();
      results.close();
      listeners.clear();
    },
  };
}
