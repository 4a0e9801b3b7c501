import type { Logger } from 'pino';
import { tier } from '../../kernel/capability/tiers.ts';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { AsyncHookName, HookTaps, PlanMoment } from '../../kernel/hooks/table.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Planner, PlannerFailure, type PlanRequest, type PlanUsage } from '../../kernel/planning/planner.ts';
import type { Registry } from '../../kernel/planning/registry.ts';
import type { Failure } from '../../kernel/task/events.ts';
import type { Faults } from '../faults.ts';
import type { AnswerData, PlanDispatchData } from '../transport/messages.ts';

/** What a planning worker needs from its surroundings. */
export interface PlanningWorkerOptions {
  readonly planners: Registry<Planner>;
  readonly hooks: Hooks;
  readonly logger: Logger;
  readonly faults: Faults;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What planners may look up of the handlers they are offered. */
  readonly catalog: () => readonly CatalogEntry[];
}

/** How one call ended. */
export type CallEnd =
  | { readonly kind: 'plan'; readonly answer: AnswerData }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly usage?: PlanUsage };

/** Longer answers are not looked at, in UTF-16 units. */
const ANSWER_MAX = 4 * 1024 * 1024;

/** Makes the one call that a dispatch of a planning step asks for. The only place where planners run. */
export class PlanningWorker {
  readonly #options: PlanningWorkerOptions;

  constructor(options: PlanningWorkerOptions) {
    this.#options = options;
  }

  has(planner: string): boolean {
    return this.#options.planners.get(planner) !== undefined;
  }

  /** Never rejects: whatever a planner does is an answer or a failure. */
  async call({ identity, planner, request, timeout_ms }: PlanDispatchData, cancelled: AbortSignal): Promise<CallEnd> {
    const { planners, faults, now } = this.#options;
    const { task_id, step_id, step_name, attempt } = identity;
    const moment: PlanMoment = { task_id, step_id, step_name, attempt, call: request.call };
    const cap = planners.get(planner)!.spends(request.model);
    await this.#tell('planRequest', { ...moment, request: request as unknown as JsonObject });
    if (cap.llm_calls > 0) await this.#tell('beforeModelCall', { ...moment, model: request.model ?? planner });
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeout_ms);
    const started = now();
    try {
      await faults.hit('planner.before_call');
      const signal = AbortSignal.any([cancelled, deadline.signal]);
      const given = await interruptible(
        planners.get(planner)!.plan(request, { signal, describe: this.#describe(request) }),
        signal,
      );
      await faults.hit('planner.answered');
      const latency_ms = Math.max(0, Math.round(now() - started));
      const answer = answerData(planner, request, given, latency_ms);
      const { model, usage } = answer;
      if (cap.llm_calls > 0)
        await this.#tell('afterModelCall', { ...moment, model: model ?? planner, usage: { ...usage }, latency_ms });
      await this.#tell('planResponse', { ...moment, response: { text: answer.text, stop_reason: answer.stop_reason } });
      return { kind: 'plan', answer };
    } catch (error) {
      return this.#failed(error, planner, deadline.signal.aborted ? timeout_ms : undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Of what the request offers, and nothing else. */
  #describe({ catalog: offered }: PlanRequest): (handler: string) => JsonObject | undefined {
    return (handler) => {
      const version = offered.find(({ name }) => name === handler)?.['version'];
      const entry = this.#options.catalog().find((each) => each.name === handler && each.version === version);
      return entry === undefined ? undefined : tier(entry, 3);
    };
  }

  #failed(error: unknown, planner: string, timeoutMs: number | undefined): CallEnd {
    if (error instanceof PlannerFailure) {
      const { usage, code, message, retryable, retry_after_ms } = error.problem;
      const wait = retry_after_ms === undefined ? {} : { retry_after_ms };
      const failure = { code, message, retryable, ...wait };
      return { kind: 'failure', failure, ...(usage === undefined ? {} : { usage }) };
    }
    if (timeoutMs !== undefined) {
      const message = `planner "${planner}" did not answer within ${timeoutMs} ms`;
      return { kind: 'failure', failure: { code: 'timeout', message, retryable: true } };
    }
    this.#options.logger.error({ err: error, planner }, 'a planner failed in a way that planners must not');
    const problem = error instanceof Error ? error.message : String(error);
    const message = `planner "${planner}" failed: ${problem}`;
    return { kind: 'failure', failure: { code: 'planner_bug', message, retryable: false } };
  }

  /** Plugins observe: what a tap throws is logged and changes nothing. */
  async #tell<N extends AsyncHookName>(hook: N, ...args: Parameters<HookTaps[N]>): Promise<void> {
    try {
      await this.#options.hooks.run(hook, ...args);
    } catch (error) {
      this.#options.logger.error({ err: error, hook }, 'a plugin failed; nothing changes by it');
    }
  }
}

/** @throws Error for what no planner may answer */
function answerData(
  planner: string,
  request: PlanRequest,
  given: Awaited<ReturnType<Planner['plan']>>,
  latency_ms: number,
): AnswerData {
  const { text, stop_reason, model, usage, prompt, asks = false } = given;
  const numbers = [usage.input_tokens, usage.output_tokens, usage.cache_read_tokens];
  if (typeof text !== 'string' || typeof stop_reason !== 'string' || stop_reason === '') {
    throw new Error('its answer has no text or no stop_reason');
  }
  if (!numbers.every((each) => Number.isInteger(each) && each >= 0) || !(usage.cost_usd >= 0)) {
    throw new Error('the usage of its answer is no count of tokens and dollars');
  }
  return {
    planner,
    ...(asks ? { asks } : {}),
    text: text.length <= ANSWER_MAX ? text.toWellFormed() : text.slice(0, ANSWER_MAX).toWellFormed(),
    prompt: prompt ?? { text: JSON.stringify(request), media_type: 'application/json' },
    model,
    stop_reason: text.length <= ANSWER_MAX ? stop_reason : 'max_tokens',
    usage,
    latency_ms,
  };
}

/** Does not wait for a planner that ignores its signal. */
async function interruptible<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new Error('the call was broken off'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
