import type { JsonObject } from '../../kernel/json.ts';

/**
 * A message: a CloudEvents 1.0 envelope in JSON.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export interface CloudEvent<T = JsonObject> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly traceparent?: string;
  readonly data: T;
}

/** A message in a consumer's hands. Exactly one of `ack` and `requeue` is called, once. @throws delivery_settled */
export interface Delivery<T = JsonObject> {
  readonly message: CloudEvent<T>;
  readonly redelivered: boolean;
  /** The consumer is done with it, for good. */
  ack(): void;
  /** Somebody else shall have it. */
  requeue(): void;
}

/** A running subscription. */
export interface Consumer {
  /** Stops deliveries and resolves once none is in the consumer's hands unsettled. What was not delivered stays. */
  close(): Promise<void>;
}

/**
 * How orchestrators and brokers talk. Delivery is at least once, in no order; the store is the truth, so losing
 * every message only delays work. Implementations pass the conformance suite in `conformance.ts`.
 */
export interface Transport {
  /** Resolves once the message is accepted for delivery. @throws transport_unavailable */
  publishStep(namespace: string, message: CloudEvent): Promise<void>;
  /**
   * At most `prefetch` unsettled deliveries at a time. `['*']` means every namespace, also those that appear later.
   * A listener that throws has its delivery dropped and the error reported.
   */
  consumeSteps(
    namespaces: readonly string[],
    options: { readonly prefetch: number },
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Consumer>;
  /** `task_id` chooses the partition. @throws transport_unavailable */
  publishResult(task_id: string, message: CloudEvent): Promise<void>;
  consumeResults(onDelivery: (delivery: Delivery) => void): Promise<Consumer>;
  /** Best effort, to every broker or orchestrator that listens: cancellations, claims. Never relied on. */
  broadcast(message: CloudEvent): Promise<void>;
  /** Hears the broadcasts of one type. */
  onBroadcast(type: string, listener: (message: CloudEvent) => void): Promise<Consumer>;
  close(): Promise<void>;
}
