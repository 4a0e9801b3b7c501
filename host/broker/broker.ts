import type { Logger } from 'pino';
import type { LimitsConfig } from '../config/types.ts';
import type { Faults } from '../faults.ts';
import { createHostFunctions, type HostServices } from '../imports/host_functions.ts';
import type { Executor, RunEnd, StepLimits } from '../sandbox/port.ts';
import {
  claimMessage,
  type DispatchData,
  type ResultData,
  readCancel,
  readDispatch,
  resultMessage,
} from '../transport/messages.ts';
import type { Consumer, Delivery, Transport } from '../transport/port.ts';

/** What a broker needs from its surroundings. */
export interface BrokerOptions {
  /** Shown as who runs a step. */
  readonly name: string;
  /** `['*']` serves every namespace. */
  readonly namespaces: readonly string[];
  readonly transport: Transport;
  readonly executor: Executor;
  readonly host: HostServices;
  readonly limits: LimitsConfig;
  readonly logger: Logger;
  readonly faults: Faults;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The worker: takes dispatches, runs each in a sandbox, reports how it ended. A delivery is held until its result is
 * accepted, so a broker that dies gives its steps back.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #consumers: Consumer[] = [];

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { transport, executor, namespaces } = this.#options;
    this.#consumers.push(
      await transport.onBroadcast((message) => {
        const cancel = readCancel(message);
        if (cancel !== undefined) this.#running.get(cancel.step_id)?.abort(CANCELLED);
      }),
    );
    this.#consumers.push(
      await transport.consumeSteps(namespaces, { prefetch: executor.capacity }, (delivery) => {
        const work = this.#onDelivery(delivery).finally(() => this.#inFlight.delete(work));
        this.#inFlight.add(work);
      }),
    );
  }

  /** Takes no more steps, lets those that run finish within `graceMs`, then kills them; they are given back. */
  async drain(graceMs: number): Promise<void> {
    const closing = Promise.all(this.#consumers.map((consumer) => consumer.close()));
    const timeout = setTimeout(() => {
      for (const running of this.#running.values()) running.abort(DRAINED);
    }, graceMs);
    await Promise.all(this.#inFlight);
    clearTimeout(timeout);
    await closing;
  }

  async #onDelivery(delivery: Delivery): Promise<void> {
    const { logger, executor } = this.#options;
    const dispatch = readDispatch(delivery.message);
    if (dispatch === undefined) {
      logger.error({ message_id: delivery.message.id }, 'a dispatch message is malformed and was dropped');
      return delivery.ack();
    }
    try {
      const result = executor.has(dispatch.pin.digest) ? await this.#run(dispatch) : unavailable(dispatch);
      if (result === undefined) return delivery.requeue();
      await this.#options.faults.hit('broker.before_result');
      await this.#options.transport.publishResult(
        dispatch.identity.task_id,
        resultMessage(result, this.#options.now()),
      );
      await this.#options.faults.hit('broker.after_result');
      delivery.ack();
    } catch (error) {
      logger.error(
        { err: error, step_id: dispatch.identity.step_id },
        'a dispatch could not be answered and is given back',
      );
      delivery.requeue();
    }
  }

  /** Undefined when the run was broken off by a drain: somebody else shall have the step, at no cost. */
  async #run(dispatch: DispatchData): Promise<ResultData | undefined> {
    const { transport, executor, host, name, now } = this.#options;
    const { identity } = dispatch;
    const claimed_at = now();
    const aborting = new AbortController();
    this.#running.set(identity.step_id, aborting);
    try {
      await transport.broadcast(claimMessage({ ...fenceOf(dispatch), broker: name, claimed_at }, claimed_at));
      await this.#options.faults.hit('broker.claimed');
      const limits = this.#limits(dispatch);
      const functions = createHostFunctions(host, {
        identity,
        limits,
        template: { egress: dispatch.egress, secrets: dispatch.secrets },
        signal: aborting.signal,
      });
      const end = await executor.run({
        identity,
        digest: dispatch.pin.digest,
        config: dispatch.config,
        inputs: dispatch.inputs,
        ...(dispatch.resume === undefined ? {} : { resume: dispatch.resume }),
        limits,
        host: functions,
        signal: aborting.signal,
      });
      if (aborting.signal.reason === DRAINED && end.kind === 'failure') return undefined;
      const receipt = { broker: name, claimed_at, ...end.measure, ...functions.usage() };
      return { ...fenceOf(dispatch), ...ended(end), receipt };
    } finally {
      if (this.#running.get(identity.step_id) === aborting) this.#running.delete(identity.step_id);
      // Host calls of a run that was cut short end with it.
      aborting.abort(ENDED);
    }
  }

  #limits(dispatch: DispatchData): StepLimits {
    const { limits } = this.#options;
    return {
      timeout_ms: Math.min(dispatch.timeout_ms, limits.step_timeout_ms_max),
      memory_bytes_max: limits.memory_bytes_max,
      output_bytes_max: limits.output_bytes_max,
      host_calls_max: limits.host_calls_max,
      io_bytes_max: limits.io_bytes_max,
      log_lines_max: limits.log_lines_max,
    };
  }
}

/** Why a run was aborted. Values made once: a DOMException for every step is dear. */
const DRAINED = Symbol('drained');
const CANCELLED = Symbol('cancelled');
const ENDED = Symbol('ended');

function ended(end: RunEnd) {
  return end.kind === 'outcome'
    ? { kind: 'outcome' as const, outcome: end.outcome }
    : { kind: 'failure' as const, failure: end.failure };
}

function unavailable(dispatch: DispatchData): ResultData {
  return { ...fenceOf(dispatch), kind: 'unavailable' };
}

function fenceOf({ identity: { task_id, step_id, attempt, activation } }: DispatchData) {
  return { task_id, step_id, attempt, activation };
}
