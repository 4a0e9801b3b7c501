import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Command, Environment } from '../../kernel/task/commands.ts';
import { resolveDispatch } from '../../kernel/task/dispatch_input.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import { narrow } from '../../kernel/template/step_limits.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import type { BlobCodec } from '../blobs/codec.ts';
import { dispatchApart, planDispatchApart, wholeResult } from '../blobs/messages.ts';
import type { Blob } from '../blobs/port.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { SecretStore } from '../imports/secrets.ts';
import type { Store } from '../store/port.ts';
import {
  CLAIM,
  cancelMessage,
  type DispatchData,
  dispatchMessage,
  type PlanDispatchData,
  planMessage,
  type ResultData,
  readClaim,
  readResult,
} from '../transport/messages.ts';
import type { Consumer, Delivery, Transport } from '../transport/port.ts';
import type { Announcer } from './announce.ts';
import { batchPoints } from './batch_points.ts';
import { Claims } from './claims.ts';
import { rowsOf, timerRows } from './commit_plan.ts';
import { commandOf, dispatchOf, fenceOf, identityOf, planDispatch } from './dispatch_names.ts';
import { planPoints, recordedAnswer, textsOf } from './plan_texts.ts';
import { Recovery } from './recovery.ts';
import { Snapshots } from './snapshots.ts';
import { StuckWatch } from './stuck_watch.ts';
import { type Creation, TaskHost } from './task_host.ts';
import { TimerPump } from './timer_pump.ts';
import type { ClaimOf } from './views.ts';
import type { Watchers } from './watchers.ts';

/** What an orchestrator needs from its surroundings. */
export interface OrchestratorOptions {
  readonly store: Store;
  readonly transport: Transport;
  readonly env: Environment;
  readonly secrets: SecretStore;
  readonly logger: Logger;
  readonly faults: Faults;
  readonly clock: Clock;
  loadTemplate(digest: string): Promise<CompiledTemplate>;
  /** Whether a component can be run by some worker. */
  readonly canRun: (digest: string) => boolean;
  readonly watchers: Watchers;
  readonly announcer: Announcer;
  /** What plans may use now, the newest version of a name first. */
  readonly catalog: () => readonly CatalogEntry[];
  readonly blobs: BlobCodec;
  readonly cachedTasksMax: number;
  /** How long a step may wait to be taken up before it is a dead letter, in milliseconds; 0 for ever. */
  readonly stuckAfterMs: number;
  /** A task with fewer events is always folded from the start of its journal. */
  readonly snapshotEventsMin: number;
}

/** Of large values, in the states that are kept in memory. */
const CACHED_LARGE_BYTES_MAX = 256 * 1024 * 1024;
/** How long to leave a store or transport alone that did not take something. */
const REST_MS = 500;

/** A dispatch as it is sent, with the large values that it refers to. */
interface Sending {
  readonly value: DispatchData | PlanDispatchData;
  readonly blobs: readonly Blob[];
}

/**
 * The process that owns task state: turns results, timers and people's commands into commits, and commits into
 * dispatches. The store is the truth; a message that is lost is sent again from it.
 */
export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #tasks: TaskHost;
  readonly #timers: TimerPump;
  readonly #stuck: StuckWatch;
  readonly #recovery: Recovery;
  readonly #claims = new Claims();
  readonly #consumers: Consumer[] = [];
  readonly #closing = new AbortController();
  /** The texts of answers that are being recorded, by digest: the journal refers to them. */
  readonly #texts = new Map<string, Blob>();

  constructor(options: OrchestratorOptions) {
    this.#options = options;
    this.#tasks = new TaskHost({
      store: options.store,
      env: options.env,
      cachedTasksMax: options.cachedTasksMax,
      snapshots: new Snapshots({
        store: options.store,
        logger: options.logger,
        loadTemplate: (digest) => options.loadTemplate(digest),
        events_min: options.snapshotEventsMin,
      }),
      cachedLargeBytesMax: CACHED_LARGE_BYTES_MAX,
      loadTemplate: (digest) => options.loadTemplate(digest),
      plan: (state, events, stale) => this.#plan(state, events, stale),
    });
    this.#timers = new TimerPump({
      store: options.store,
      clock: options.clock,
      fire: (taskId, command) => this.#tasks.perform(taskId, command, () => undefined),
      onError: (error) => options.logger.error({ err: error }, 'timers could not be fired; trying again'),
    });
    this.#recovery = new Recovery({
      store: options.store,
      tasks: this.#tasks,
      env: options.env,
      canRun: options.canRun,
      clock: options.clock,
      logger: options.logger,
      resend: (taskId) => this.#resend(taskId),
      signal: this.#closing.signal,
    });
    this.#stuck = new StuckWatch({
      store: options.store,
      clock: options.clock,
      after_ms: options.stuckAfterMs,
      claimOf: (dispatch) => this.#claims.of(dispatch),
      perform: (taskId, command) => this.#tasks.perform(taskId, command, () => undefined),
      onError: (error) => options.logger.error({ err: error }, 'stuck steps could not be looked for; trying again'),
    });
  }

  /** Who runs a step right now. */
  readonly claimOf: ClaimOf = (step) => this.#claims.of(dispatchOf(step));

  /** Listens for results, sends again what was never answered, fires what is overdue. */
  async start(): Promise<void> {
    const { transport } = this.#options;
    this.#consumers.push(await transport.consumeResults((delivery) => void this.#onResult(delivery)));
    this.#consumers.push(
      await transport.onBroadcast(CLAIM, (message) => {
        const claim = readClaim(message);
        if (claim !== undefined) this.#claims.claimed(claim);
      }),
    );
    await this.#recovery.recover();
    await this.#timers.start();
    this.#stuck.start();
  }

  /** @throws idempotency_conflict, store_unavailable */
  create<T>(
    command: Extract<Command, { kind: 'create' }>,
    creation: Creation,
    view: (state: TaskState) => T,
  ): Promise<T> {
    return this.#tasks.create(command, creation, view);
  }

  /** @throws task_not_found, what `decide` refuses with, store_conflict, store_unavailable */
  perform<T>(taskId: string, command: Command, view: (state: TaskState) => T): Promise<T> {
    return this.#tasks.perform(taskId, command, view);
  }

  /** @throws task_not_found */
  look<T>(taskId: string, view: (state: TaskState) => T): Promise<T> {
    return this.#tasks.look(taskId, view);
  }

  /** Does something to what the store has of a task while nothing else of it is under way. @throws what `work` throws */
  alone<T>(taskId: string, work: () => Promise<T>): Promise<T> {
    return this.#tasks.alone(taskId, work);
  }

  /** The number that no event of this unsettled task has passed; undefined when only the store knows. */
  lastSeq(taskId: string): number | undefined {
    return this.#tasks.lastSeq(taskId);
  }

  /** Handlers came or went: steps that waited for one that is here now go on. Never rejects. */
  workersChanged(): Promise<void> {
    return this.#recovery.workersChanged();
  }

  /** Takes no more work and resolves once what was taken is durable. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#stuck.close();
    await this.#timers.close();
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.#tasks.idle();
  }

  #plan(state: TaskState, events: readonly TaskEvent[], stale: readonly string[]) {
    for (const point of [...batchPoints(state, events), ...planPoints(events)]) void this.#options.faults.hit(point);
    const { effects, rows } = rowsOf(state, events);
    // A timer that fired for nothing goes; what its step waits for now stays.
    const kept = stale.flatMap((id) => {
      const step = state.steps.get(id);
      return step === undefined ? [] : timerRows(state, step);
    });
    const messages = effects.dispatched.map((step) => this.#message(state, step));
    const first_seq = state.head.seq - events.length + 1;
    const timers_set = [...rows.timers_set, ...kept];
    const journaled = this.#options.blobs.events(events);
    const blobs = [
      ...journaled.blobs.map((blob) => ({ ...blob, holder: '' })),
      ...textsOf(events, this.#texts).map((blob) => ({ ...blob, holder: '' })),
      ...messages.flatMap(({ value, blobs }) => blobs.map((blob) => ({ ...blob, holder: value.identity.step_id }))),
    ];
    return {
      commit: {
        ...rows,
        timers_set,
        timers_cleared: [...rows.timers_cleared, ...stale],
        ...(blobs.length === 0 ? {} : { events: journaled.value, blobs }),
      },
      afterwards: () => {
        for (const step of effects.undispatched) this.#claims.answered(step);
        for (const step of effects.held) this.#claims.answered(step.id);
        for (const { value } of messages) this.#dispatch(value);
        for (const row of timers_set) this.#timers.scheduled(row.at);
        for (const step of effects.killed) void this.#kill(state.head.id, step);
        this.#publish(state.head.id, first_seq, journaled.value);
        this.#options.announcer.committed(state, events);
      },
    };
  }

  /** Tells watchers the events as the journal has them, so that they hear live what they would read later. */
  #publish(taskId: string, first_seq: number, events: readonly TaskEvent[]): void {
    const { watchers } = this.#options;
    if (!watchers.has(taskId)) return;
    watchers.publish(
      taskId,
      events.map((event, index) => ({ seq: first_seq + index, event })),
    );
  }

  #message(state: TaskState, step: StepState): Sending {
    const { template } = state.compiled;
    const { definition } = compiledOf(state, step);
    if (step.plan !== undefined) {
      const { catalog, clock, blobs } = this.#options;
      return planDispatchApart(blobs, planDispatch(state, step, catalog(), clock.now()));
    }
    const { config, inputs, resume } = resolveDispatch(state, step, (name) =>
      this.#options.secrets.placeholder({ task_id: state.head.id, step_id: step.id }, name),
    );
    return dispatchApart(this.#options.blobs, {
      identity: identityOf(state, step),
      pin: step.pin!,
      config,
      inputs,
      ...(resume === undefined ? {} : { resume }),
      timeout_ms: definition.timeout_ms,
      limits: narrow(template.limits ?? {}, definition.limits),
      egress: template.egress,
      secrets: template.secrets,
      ...(state.head.traceparent === undefined ? {} : { traceparent: state.head.traceparent }),
    });
  }

  #dispatch(data: DispatchData | PlanDispatchData): void {
    this.#claims.dispatched(data.identity);
    if ('pin' in data) this.#options.announcer.dispatched(data);
    void this.#send(data);
  }

  /** The dispatch is durable, so a transport that fails now is asked again for as long as an answer is waited for. */
  async #send(data: DispatchData | PlanDispatchData): Promise<void> {
    const { transport, faults, logger, clock } = this.#options;
    const { identity } = data;
    await faults.hit('orchestrator.before_publish');
    while (!this.#closing.signal.aborted && this.#claims.waits(identity)) {
      try {
        const now = clock.now();
        await transport.publishStep(
          identity.namespace,
          'pin' in data ? dispatchMessage(data, now) : planMessage(data, now),
        );
        return await faults.hit('orchestrator.after_publish');
      } catch (error) {
        logger.warn({ err: error, step_id: identity.step_id }, 'a dispatch was not taken; trying again');
        await this.#rest();
      }
    }
  }

  /** Gives whatever failed some time; ends early when the orchestrator closes. */
  async #rest(): Promise<void> {
    await sleep(REST_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  async #kill(taskId: string, stepId: string): Promise<void> {
    try {
      await this.#options.transport.broadcast(
        cancelMessage({ task_id: taskId, step_id: stepId }, this.#options.clock.now()),
      );
    } catch (error) {
      this.#options.logger.debug(
        { err: error, step_id: stepId },
        'a cancellation was not broadcast; the step is fenced anyway',
      );
    }
  }

  async #onResult(delivery: Delivery): Promise<void> {
    const { logger } = this.#options;
    const sent = readResult(delivery.message);
    if (sent === undefined) {
      logger.error({ message_id: delivery.message.id }, 'a result message is malformed and was dropped');
      return delivery.ack();
    }
    let result = sent;
    try {
      result = await this.#whole(sent);
      const recorded = await this.#record(result);
      if (!recorded && result.kind !== 'unavailable') {
        logger.info({ ...fenceOf(result) }, 'a late result changes nothing; what it did outside is unknown');
      }
      delivery.ack();
    } catch (error) {
      if (error instanceof WeftError && error.kind === 'retry') {
        logger.warn({ err: error, ...fenceOf(result) }, 'a result could not be recorded; trying again');
        await this.#rest();
        return delivery.requeue();
      }
      logger.error({ err: error, ...fenceOf(result) }, 'a result cannot be recorded');
      delivery.ack();
    }
  }

  /** Whether a result changed anything. @throws what `perform` throws */
  async #record(result: ResultData): Promise<boolean> {
    const at = this.#options.clock.now();
    const changes = (_state: TaskState, events: readonly TaskEvent[]): boolean => events.length > 0;
    if (result.kind !== 'plan') return this.#tasks.perform(result.task_id, commandOf(result, at), changes);
    const { answer, texts } = recordedAnswer(result.answer);
    for (const text of texts) this.#texts.set(text.digest, text);
    try {
      const command = { kind: 'record_plan_answer' as const, at, ...fenceOf(result), answer };
      return await this.#tasks.perform(result.task_id, command, changes);
    } finally {
      for (const { digest } of texts) this.#texts.delete(digest);
    }
  }

  /** A result whose large values cannot be had is one that was lost: the attempt failed. @throws store_unavailable */
  async #whole(sent: ResultData): Promise<ResultData> {
    try {
      return await wholeResult(sent, this.#options.store);
    } catch (error) {
      if (!(error instanceof WeftError) || error.kind === 'retry') throw error;
      this.#options.logger.error({ err: error, ...fenceOf(sent) }, 'the large values of a result cannot be read');
      const { task_id, receipt } = sent;
      const failure = { code: 'blob_unreadable', message: error.message, retryable: true };
      const fence = { task_id, ...fenceOf(sent) };
      return { ...fence, kind: 'failure', failure, ...(receipt === undefined ? {} : { receipt }) };
    }
  }

  /** Sends again what a task's steps have no answer to. */
  async #resend(taskId: string): Promise<void> {
    const { store, clock } = this.#options;
    const open = await this.#tasks.look(taskId, (state) =>
      [...state.steps.values()].filter((step) => step.status === 'enqueued' && step.plan !== undefined),
    );
    // Whether a planner was called, nobody can tell any more; it is paid for, and the answer will not come.
    for (const step of open) {
      const lost = { kind: 'record_call_lost' as const, at: clock.now(), ...dispatchOf(step) };
      await this.#tasks.perform(taskId, lost, () => undefined);
    }
    const unanswered = await this.#tasks.look(taskId, (state) =>
      [...state.steps.values()]
        .filter((step) => step.status === 'enqueued' && step.plan === undefined)
        .map((step) => this.#message(state, step)),
    );
    for (const { value, blobs } of unanswered) {
      // They are there, unless this Weft sets apart what the last one sent as it was.
      for (const blob of blobs) await store.putBlob(blob, clock.now());
      this.#dispatch(value);
    }
  }
}
