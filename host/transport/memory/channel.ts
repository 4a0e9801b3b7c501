import { WeftError } from '../../../kernel/errors.ts';
import type { CloudEvent, Consumer, Delivery } from '../port.ts';
import { Fifo } from './fifo.ts';

interface Queued {
  readonly text: string;
  readonly redelivered: boolean;
}

interface Subscription {
  /** Undefined means every queue. */
  readonly queues: ReadonlySet<string> | undefined;
  readonly prefetch: number;
  readonly onDelivery: (delivery: Delivery) => void;
  inHand: number;
  drained: (() => void) | undefined;
}

/** After so many deliveries in one go, the rest of the process gets a turn. */
const BURST = 256;

/**
 * Named queues and those who consume them. A message is delivered in the turn of the event loop in which it was
 * published, after the code that published it; busy queues take turns, and so do the consumers of one.
 */
export class Channel {
  /** Only queues that hold something; the one whose turn it is comes first. */
  readonly #queues = new Map<string, Fifo<Queued>>();
  readonly #subscriptions: Subscription[] = [];
  readonly #onError: (error: unknown) => void;
  #scheduled = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  publish(queue: string, text: string): void {
    this.#enqueue(queue, { text, redelivered: false });
    this.#schedule();
  }

  /** `queues` is undefined for all, also those to come. */
  consume(
    queues: ReadonlySet<string> | undefined,
    prefetch: number,
    onDelivery: (delivery: Delivery) => void,
  ): Consumer {
    const subscription: Subscription = { queues, prefetch, onDelivery, inHand: 0, drained: undefined };
    this.#subscriptions.push(subscription);
    this.#schedule();
    return { close: () => this.#unsubscribe(subscription) };
  }

  /** Forgets every message and consumer. */
  close(): void {
    this.#queues.clear();
    this.#subscriptions.length = 0;
  }

  #unsubscribe(subscription: Subscription): Promise<void> {
    const index = this.#subscriptions.indexOf(subscription);
    if (index >= 0) this.#subscriptions.splice(index, 1);
    return new Promise((resolve) => {
      const earlier = subscription.drained;
      subscription.drained = () => {
        earlier?.();
        resolve();
      };
      if (subscription.inHand === 0) subscription.drained();
    });
  }

  #enqueue(queue: string, message: Queued): void {
    const messages = this.#queues.get(queue) ?? new Fifo<Queued>();
    messages.push(message);
    this.#queues.set(queue, messages);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    let left = BURST;
    // A queue goes to the end when it had its turn; one full round without a delivery ends the pump.
    for (let idle = 0; idle < this.#queues.size; ) {
      if (left === 0) {
        setImmediate(() => this.#pump());
        return;
      }
      const [queue, messages] = this.#queues.entries().next().value!;
      this.#queues.delete(queue);
      const subscription = this.#free(queue);
      const message = subscription === undefined ? undefined : messages.shift();
      if (messages.size > 0) this.#queues.set(queue, messages);
      if (message === undefined) {
        idle++;
      } else {
        idle = 0;
        left--;
        this.#deliver(queue, message, subscription!);
      }
    }
    this.#scheduled = false;
  }

  /** A consumer of the queue with a free hand; it goes to the end of the line. */
  #free(queue: string): Subscription | undefined {
    const index = this.#subscriptions.findIndex(
      ({ queues, inHand, prefetch }) => inHand < prefetch && (queues === undefined || queues.has(queue)),
    );
    if (index < 0) return undefined;
    const [subscription] = this.#subscriptions.splice(index, 1);
    this.#subscriptions.push(subscription!);
    return subscription;
  }

  #deliver(queue: string, { text, redelivered }: Queued, subscription: Subscription): void {
    const message = JSON.parse(text) as CloudEvent;
    let settled = false;
    const settle = (): void => {
      if (settled) throw new WeftError('delivery_settled', { id: message.id });
      settled = true;
      subscription.inHand--;
      if (subscription.inHand === 0) subscription.drained?.();
      this.#schedule();
    };
    subscription.inHand++;
    try {
      subscription.onDelivery({
        message,
        redelivered,
        ack: settle,
        requeue: () => {
          settle();
          // In a later turn: whoever gives back at once would otherwise keep the event loop for itself.
          setImmediate(() => {
            this.#enqueue(queue, { text, redelivered: true });
            this.#schedule();
          });
        },
      });
    } catch (error) {
      if (!settled) settle();
      this.#onError(error);
    }
  }
}
