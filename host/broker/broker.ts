import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { Receipt } from '../../kernel/task/events.ts';
import { narrow, type StepLimitValues } from '../../kernel/template/step_limits.ts';
import type { BlobCodec } from '../blobs/codec.ts';
import { resultApart, wholeDispatch, wholePlanDispatch } from '../blobs/messages.ts';
import type { BlobSink, BlobSource } from '../blobs/port.ts';
import type { LimitsConfig } from '../config/types.ts';
import type { Faults } from '../faults.ts';
import { createHostFunctions, type HostServices } from '../imports/host_functions.ts';
import type { Redactor } from '../imports/redaction.ts';
import type { PlanningWorker } from '../planning/worker.ts';
import type { Executor, HostFunctions, HostUsage, RunEnd, RunMeasure, StepLimits } from '../sandbox/port.ts';
import {
  CANCEL,
  type ClaimData,
  claimMessage,
  type DispatchData,
  type PlanDispatchData,
  type ResultData,
  readCancel,
  readDispatch,
  readPlanDispatch,
  resultMessage,
} from '../transport/messages.ts';
import type { Consumer, Delivery, Transport } from '../transport/port.ts';
import { RecentNames } from './recent_names.ts';
import { redactedFailure, redactedOutcome } from './redact_result.ts';

/** What a broker needs from its surroundings. */
export interface BrokerOptions {
  /** Shown as who runs a step. */
  readonly name: string;
  /** `['*']` serves every namespace. */
  readonly namespaces: readonly string[];
  readonly transport: Transport;
  readonly blobs: BlobCodec;
  /** Where the large values of dispatches are, and those of results go. */
  readonly blobStore: BlobSource & BlobSink;
  readonly executor: Executor;
  /** Asks planners; a broker without one leaves planning steps to others. */
  readonly planning?: PlanningWorker;
  readonly host: HostServices;
  readonly limits: LimitsConfig;
  readonly logger: Logger;
  readonly faults: Faults;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a broker takes: a step for a sandbox, or a call of a planner. */
type Sent = DispatchData | PlanDispatchData;

/** A dispatch that runs here. */
interface Run {
  readonly step_id: string;
  readonly aborting: AbortController;
  readonly result: Promise<ResultData | undefined>;
}

/** How many cancelled steps a broker remembers, so as not to start those whose dispatch still waits in a queue. */
const CANCELLED_MAX = 10_000;
/** How many calls of planners it remembers. */
const CALLED_MAX = 10_000;
/** How long to leave a transport or store alone that did not take or give something. */
const REST_MS = 500;

/**
 * The worker: takes dispatches, runs each in a sandbox, reports how it ended. A delivery is held until its result is
 * accepted, so a broker that dies gives its steps back.
 */
export class Broker {
  readonly #options: BrokerOptions;
  /** By dispatch. */
  readonly #runs = new Map<string, Run>();
  readonly #cancelled = new RecentNames(CANCELLED_MAX);
  /** Calls of planners that were answered: one that is delivered again is not made, and not paid for, again. */
  readonly #called = new RecentNames(CALLED_MAX);
  readonly #inFlight = new Set<Promise<void>>();
  #broadcasts: Consumer | undefined;
  #steps: Consumer | undefined;
  readonly #graceOver = new AbortController();

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { transport, executor, namespaces } = this.#options;
    this.#broadcasts = await transport.onBroadcast(CANCEL, (message) => {
      const cancel = readCancel(message);
      if (cancel !== undefined) this.#cancel(cancel.step_id);
    });
    this.#steps = await transport.consumeSteps(namespaces, { prefetch: executor.capacity }, (delivery) => {
      const work = this.#onDelivery(delivery).finally(() => this.#inFlight.delete(work));
      this.#inFlight.add(work);
    });
  }

  /** Takes no more steps, lets those that run finish within `graceMs`, then kills them; they are given back. */
  async drain(graceMs: number): Promise<void> {
    const stopping = this.#steps?.close();
    const timeout = setTimeout(() => {
      this.#graceOver.abort();
      for (const { aborting } of this.#runs.values()) aborting.abort(DRAINED);
    }, graceMs);
    await Promise.all(this.#inFlight);
    clearTimeout(timeout);
    await stopping;
    // Until then, a step that is cancelled need not use up the grace.
    await this.#broadcasts?.close();
  }

  /** Kills the step's runs. Cancelled steps never run again, so dispatches that still wait need not start either. */
  #cancel(stepId: string): void {
    this.#cancelled.add(stepId);
    for (const { step_id, aborting } of this.#runs.values()) if (step_id === stepId) aborting.abort(CANCELLED);
  }

  async #onDelivery(delivery: Delivery): Promise<void> {
    const dispatch = readDispatch(delivery.message) ?? readPlanDispatch(delivery.message);
    if (dispatch === undefined) {
      this.#options.logger.error(
        { message_id: delivery.message.id },
        'a dispatch message is malformed and was dropped',
      );
      return delivery.ack();
    }
    if (this.#cancelled.has(dispatch.identity.step_id)) return delivery.ack();
    if (!('pin' in dispatch) && this.#called.has(keyOf(dispatch))) return delivery.ack();
    const result = this.#serves(dispatch) ? await this.#runOnce(dispatch) : unavailable(dispatch);
    if (result !== undefined && (await this.#publish(result))) {
      if (!('pin' in dispatch) && result.kind !== 'unavailable') this.#called.add(keyOf(dispatch));
      delivery.ack();
    } else delivery.requeue();
  }

  #serves(dispatch: Sent): boolean {
    const { executor, planning } = this.#options;
    return 'pin' in dispatch ? executor.has(dispatch.pin.digest) : (planning?.has(dispatch.planner) ?? false);
  }

  /** A dispatch that is delivered again while it runs is not run a second time: both deliveries have one answer. */
  #runOnce(dispatch: Sent): Promise<ResultData | undefined> {
    const { step_id } = dispatch.identity;
    const key = keyOf(dispatch);
    const running = this.#runs.get(key);
    if (running !== undefined) return running.result;
    const aborting = new AbortController();
    const result = this.#run(dispatch, aborting).finally(() => {
      this.#runs.delete(key);
      // Host calls of a run that was cut short end with it.
      aborting.abort(ENDED);
    });
    this.#runs.set(key, { step_id, aborting, result });
    return result;
  }

  /** Undefined when the run was broken off by a drain, or could not begin: somebody else shall have the step, at no cost. */
  async #run(sent: Sent, aborting: AbortController): Promise<ResultData | undefined> {
    const { blobStore } = this.#options;
    try {
      return 'pin' in sent
        ? await this.#perform(await wholeDispatch(sent, blobStore), aborting)
        : await this.#plan(await wholePlanDispatch(sent, blobStore), aborting);
    } catch (error) {
      const { logger } = this.#options;
      if (error instanceof WeftError && error.kind === 'retry') {
        logger.warn({ err: error, ...sent.identity }, 'the large values of a dispatch could not be fetched');
        await this.#rest();
        return undefined;
      }
      logger.error({ err: error, ...sent.identity }, 'the large values of a dispatch cannot be read');
      const message = error instanceof Error ? error.message : String(error);
      return { ...fenceOf(sent), kind: 'failure', failure: { code: 'blob_unreadable', message, retryable: true } };
    }
  }

  /** Undefined as `#run`. */
  async #perform(dispatch: DispatchData, aborting: AbortController): Promise<ResultData | undefined> {
    const { executor, host, name, now, logger } = this.#options;
    const { identity } = dispatch;
    const claimed_at = now();
    const redactor = host.secrets.redactor(identity.namespace);
    let functions: HostFunctions | undefined;
    const receiptOf = (measure: RunMeasure): Receipt => ({
      broker: name,
      claimed_at,
      ...measure,
      ...redactor.json({ ...(functions?.usage() ?? NOTHING_USED) }),
    });
    try {
      await this.#claim({ ...fenceOf(dispatch), broker: name, claimed_at });
      const limits = this.#limits(dispatch);
      functions = createHostFunctions(host, {
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
      return { ...fenceOf(dispatch), ...ended(end, redactor), receipt: receiptOf(end.measure) };
    } catch (error) {
      // Given back it would only break the next broker, so the step fails, alone and visibly.
      logger.error({ err: error, ...identity }, 'a step could not be run');
      const message = `the broker could not run the step: ${error instanceof Error ? error.message : String(error)}`;
      const failure = redactedFailure({ code: 'broker_bug', message, retryable: false }, redactor);
      const run_ms = Math.max(0, now() - claimed_at);
      return { ...fenceOf(dispatch), kind: 'failure', failure, receipt: receiptOf({ ...NOT_RUN, run_ms }) };
    }
  }

  /** One call of a planner. Undefined when a drain broke it off: it is charged in full when it is asked for again. */
  async #plan(dispatch: PlanDispatchData, aborting: AbortController): Promise<ResultData | undefined> {
    const { planning, host, name, now } = this.#options;
    const claimed_at = now();
    await this.#claim({ ...fenceOf(dispatch), broker: name, claimed_at });
    const end = await planning!.call(dispatch, aborting.signal);
    if (aborting.signal.reason === DRAINED && end.kind === 'failure') return undefined;
    if (end.kind === 'plan') return { ...fenceOf(dispatch), ...end };
    const redactor = host.secrets.redactor(dispatch.identity.namespace);
    const receipt = { broker: name, claimed_at };
    return { ...fenceOf(dispatch), ...end, failure: redactedFailure(end.failure, redactor), receipt };
  }

  /** Best effort: a claim is news for people. */
  async #claim(claim: ClaimData): Promise<void> {
    const { transport, faults, logger } = this.#options;
    try {
      await transport.broadcast(claimMessage(claim, claim.claimed_at));
    } catch (error) {
      logger.debug({ err: error, step_id: claim.step_id }, 'a claim was not broadcast');
    }
    await faults.hit('broker.claimed');
  }

  /** Whether the result was accepted. It is offered again until a drain's grace is over: running the step again is dearer. */
  async #publish(result: ResultData): Promise<boolean> {
    const { transport, blobs, blobStore, faults, logger, now } = this.#options;
    const sending = resultApart(blobs, result);
    await faults.hit('broker.before_result');
    do {
      try {
        for (const blob of sending.blobs) await blobStore.putBlob(blob);
        await transport.publishResult(result.task_id, resultMessage(sending.value, now()));
        await faults.hit('broker.after_result');
        return true;
      } catch (error) {
        logger.warn({ err: error, step_id: result.step_id }, 'a result was not taken; trying again');
        await this.#rest();
      }
    } while (!this.#graceOver.signal.aborted);
    return false;
  }

  /** Gives whatever failed some time; ends early when a drain's grace is over. */
  async #rest(): Promise<void> {
    await sleep(REST_MS, undefined, { signal: this.#graceOver.signal }).catch(() => undefined);
  }

  #limits(dispatch: DispatchData): StepLimits {
    const { limits } = this.#options;
    return {
      ...narrow<StepLimitValues>(limits, dispatch.limits),
      timeout_ms: Math.min(dispatch.timeout_ms, limits.step_timeout_ms_max),
    };
  }
}

/** Of a run that failed before it was one. */
const NOT_RUN: RunMeasure = { queue_ms: 0, instantiate_ms: 0, run_ms: 0, memory_bytes: 0, cell_pid: 0 };
const NOTHING_USED: HostUsage = {
  host_calls: 0,
  hosts: [],
  bytes_in: 0,
  bytes_out: 0,
  denials: 0,
  denied: [],
  secret_uses: [],
};

/** Why a run was aborted. Values made once: a DOMException for every step is dear. */
const DRAINED = Symbol('drained');
const CANCELLED = Symbol('cancelled');
const ENDED = Symbol('ended');

// The one way out of the broker for what a run brought: nothing of it holds a secret.
function ended(end: RunEnd, redactor: Redactor) {
  return end.kind === 'outcome'
    ? { kind: 'outcome' as const, outcome: redactedOutcome(end.outcome, redactor) }
    : { kind: 'failure' as const, failure: redactedFailure(end.failure, redactor) };
}

function keyOf({ identity: { step_id, attempt, activation } }: Sent): string {
  return `${step_id}/${attempt}/${activation}`;
}

function unavailable(dispatch: Sent): ResultData {
  return { ...fenceOf(dispatch), kind: 'unavailable' };
}

function fenceOf({ identity: { task_id, step_id, attempt, activation } }: Sent) {
  return { task_id, step_id, attempt, activation };
}
