/// <reference path="../../wit/generated/weft-handler-handler.d.ts" preserve="true" />
import type * as wit from 'weft:handler/handler@1.0.0';
import { fillDefaults } from './defaults.ts';
import { HandlerFailure } from './failure.ts';
import type { Json, JsonObject } from './json.ts';
import { lowerOutcome, type Outcome } from './outcome.ts';
import { beginRun } from './prelude.ts';
import { u32 } from './u32.ts';

/** One dispatch of one step, parsed. */
export interface Step<Config, Inputs> {
  readonly taskId: string;
  readonly stepId: string;
  readonly stepName: string;
  /** Counts from 1; a resumed suspension keeps its attempt. */
  readonly attempt: number;
  /** Stable across attempts and dispatches: derive the keys of outside effects from it. */
  readonly idempotencyKey: string;
  /** Meets the capability's `configSchema`; its defaults are filled in. */
  readonly config: Config;
  /** Meets the capability's `inputSchema`. */
  readonly inputs: Inputs;
  /** Present when a suspended step wakes. */
  readonly resume: Resume | null;
}

/** Why a suspended step wakes, and what it had kept. */
export interface Resume {
  readonly state: Json;
  /** Received since the suspension, oldest first. */
  readonly signals: readonly Signal[];
  /** The deadline that fired, when one did. */
  readonly fired: string | null;
}

/** One signal, as the engine recorded it. */
export interface Signal {
  readonly id: string;
  readonly at_ms: number;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly data: Json;
  readonly reason?: string;
}

/** What a handler is made of: what it says of itself and what it does. */
export interface HandlerDefinition<Config, Inputs> {
  /** The content of `capability.json`. */
  readonly capability: JsonObject;
  /** Performs one dispatch. `fail(…)` ends it with a documented failure; anything else thrown is a `handler_bug`. */
  run(step: Step<Config, Inputs>): Outcome;
}

/** The `weft:handler/handler` interface as a component exports it. */
export interface GuestHandler {
  describe(): string;
  run(step: wit.Step): wit.Outcome;
}

/**
 * Makes the guest's export out of typed code: `export const handler = defineHandler<Config, Inputs>({capability, run})`.
 * JSON is parsed before and serialized after `run`; a failure is thrown as the WIT `failure` record.
 */
export function defineHandler<Config = JsonObject, Inputs = JsonObject>(
  definition: HandlerDefinition<Config, Inputs>,
): GuestHandler {
  const described = JSON.stringify(definition.capability);
  const configSchema = definition.capability['configSchema'] ?? true;
  return {
    describe: () => described,
    run(step) {
      try {
        beginRun(step.idempotencyKey);
        return lowerOutcome(
          definition.run({
            taskId: step.taskId,
            stepId: step.stepId,
            stepName: step.stepName,
            attempt: step.attempt,
            idempotencyKey: step.idempotencyKey,
            config: fillDefaults(configSchema, JSON.parse(step.config) as Json) as Config,
            inputs: JSON.parse(step.inputs) as Inputs,
            resume: step.resume ? parseResume(step.resume) : null,
          }),
        );
      } catch (thrown) {
        throw lowerFailure(thrown);
      }
    },
  };
}

function parseResume(resume: wit.Resume): Resume {
  return {
    state: JSON.parse(resume.state) as Json,
    signals: JSON.parse(resume.signals) as Signal[],
    fired: resume.fired ?? null,
  };
}

function lowerFailure(thrown: unknown): wit.Failure {
  if (thrown instanceof HandlerFailure) {
    const { code, message, retryable, retryAfterMs, details } = thrown;
    return {
      code,
      message,
      retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs: u32(retryAfterMs, 'retryAfterMs') }),
      ...(details === undefined ? {} : { details: JSON.stringify(details) }),
    };
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: 'handler_bug', message, retryable: false };
}
