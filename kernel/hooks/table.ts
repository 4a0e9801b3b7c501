import type { CatalogEntry } from '../capability/types.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Failure, HandlerPin, StepStatus, TaskStatus } from '../task/events.ts';
import type { Report, Review } from '../validation/review.ts';

/** Which step of which task a hook is about. */
export interface StepMoment {
  readonly task_id: string;
  readonly step_id: string;
  readonly step_name: string;
  readonly attempt: number;
}

/** One model call of a planning step; calls of an attempt count from 1. */
export interface PlanMoment extends StepMoment {
  readonly call: number;
}

/** What a tap of each hook is given and gives back. Arguments are never changed in place. */
export interface HookTaps {
  catalogRegistration: (entry: CatalogEntry) => string | undefined;
  templateLoad: (document: Json) => Json;
  validateSchema: (review: Review, report: Report) => void;
  validateHandlers: (review: Review, report: Report) => void;
  validateConfiguration: (review: Review, report: Report) => void;
  validateGraph: (review: Review, report: Report) => void;
  validateReferences: (review: Review, report: Report) => void;
  validatePolicy: (review: Review, report: Report) => void;
  beforeMaterialization: (steps: Materialization) => string | undefined;
  planRequest: (moment: PlanMoment & { readonly request: JsonObject }) => Promise<void>;
  planResponse: (moment: PlanMoment & { readonly response: JsonObject }) => Promise<void>;
  beforeModelCall: (moment: PlanMoment & { readonly model: string }) => Promise<void>;
  afterModelCall: (
    moment: PlanMoment & { readonly model: string; readonly usage: JsonObject; readonly latency_ms: number },
  ) => Promise<void>;
  stepDispatch: (moment: StepMoment & { readonly activation: number; readonly pin: HandlerPin }) => Promise<void>;
  stepSettled: (moment: StepMoment & { readonly status: StepStatus; readonly failure?: Failure }) => Promise<void>;
  budgetThreshold: (moment: {
    readonly task_id: string;
    readonly account: string;
    readonly dimension: string;
    readonly spent: number;
    readonly limit: number;
  }) => Promise<void>;
  taskSettled: (moment: {
    readonly task_id: string;
    readonly template_name: string;
    readonly status: TaskStatus;
  }) => Promise<void>;
}

/** Steps that are about to become part of a task. */
export interface Materialization {
  readonly task_id: string;
  readonly created_by: 'template' | 'planning_step';
  readonly steps: readonly { readonly name: string; readonly type: string; readonly handler: string }[];
}

export type HookName = keyof HookTaps;

/**
 * How the taps of a hook are called, always one after the other: `series` calls all, `waterfall` gives each what the
 * one before gave back, `bail` stops at the first that gives something back.
 */
export type HookType = 'sync_series' | 'sync_waterfall' | 'sync_bail' | 'async_series';

interface Hook<T extends HookType = HookType> {
  readonly type: T;
  /** When it fires; never during a replay. */
  readonly moment: string;
  readonly called_by: string;
  /** What a tap may bring about. */
  readonly effect: string;
}

const IN_STAGE = 'may report problems, which stand beside the stage’s own';
const OBSERVES = 'observes; what it throws is logged and changes nothing';

/**
 * Every hook there is. Taps are called in the order of their plugins (see `orderPlugins`), those of one plugin in the
 * order in which it tapped, unless a tap asks for a `stage` of its own. The synchronous hooks are part of pure
 * decisions: their taps do no I/O and give the same answer to the same question.
 */
export const HOOKS = Object.freeze({
  catalogRegistration: {
    type: 'sync_bail',
    moment: 'a handler whose capability is valid is about to be registered',
    called_by: 'the host, for each component it loads',
    effect: 'a text refuses the handler and says why',
  },
  templateLoad: {
    type: 'sync_waterfall',
    moment: 'a template was read, and bounded, and is about to be validated',
    called_by: 'compileTemplate',
    effect: 'may give another document back, which is what is then validated, stored and run',
  },
  validateSchema: {
    type: 'sync_series',
    moment: 'after the template or fragment was held against its schema',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  validateHandlers: {
    type: 'sync_series',
    moment: 'after the handlers were looked up in the catalog',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  validateConfiguration: {
    type: 'sync_series',
    moment: 'after configs and inputs were held against the schemas of their handlers',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  validateGraph: {
    type: 'sync_series',
    moment: 'after dependencies and decisions were checked',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  validateReferences: {
    type: 'sync_series',
    moment: 'after every reference was checked',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  validatePolicy: {
    type: 'sync_series',
    moment: 'last: the place for rules about hosts, methods, secrets, names',
    called_by: 'validateTemplate, validateFragment',
    effect: IN_STAGE,
  },
  beforeMaterialization: {
    type: 'sync_bail',
    moment: 'a valid frame or fragment is about to become steps of a task',
    called_by: 'the orchestrator, before it decides',
    effect: 'a text refuses the steps and says why',
  },
  planRequest: {
    type: 'async_series',
    moment: 'a planner is about to be asked',
    called_by: 'the planning worker',
    effect: OBSERVES,
  },
  planResponse: {
    type: 'async_series',
    moment: 'a planner has answered, before the answer is validated',
    called_by: 'the planning worker',
    effect: OBSERVES,
  },
  beforeModelCall: {
    type: 'async_series',
    moment: 'a model is about to be called; its budget is reserved',
    called_by: 'the planning worker',
    effect: OBSERVES,
  },
  afterModelCall: {
    type: 'async_series',
    moment: 'a model call was paid for, whatever it gave',
    called_by: 'the planning worker',
    effect: OBSERVES,
  },
  stepDispatch: {
    type: 'async_series',
    moment: 'a dispatch is durable and about to be published; again when it is sent again',
    called_by: 'the orchestrator',
    effect: OBSERVES,
  },
  stepSettled: {
    type: 'async_series',
    moment: 'the end of a step is durable',
    called_by: 'the orchestrator',
    effect: OBSERVES,
  },
  budgetThreshold: {
    type: 'async_series',
    moment: 'a budget account has spent a share of a limit that its operator named',
    called_by: 'the orchestrator',
    effect: OBSERVES,
  },
  taskSettled: {
    type: 'async_series',
    moment: 'the end of a task is durable',
    called_by: 'the orchestrator',
    effect: OBSERVES,
  },
} as const satisfies { readonly [N in HookName]: Hook<HookTypeOf<N>> });

/** A hook's taps tell its type: those that promise are asynchronous. */
type HookTypeOf<N extends HookName> =
  ReturnType<HookTaps[N]> extends Promise<void> ? 'async_series' : Exclude<HookType, 'async_series'>;

export type AsyncHookName = { [N in HookName]: HookTypeOf<N> extends 'async_series' ? N : never }[HookName];
export type SyncHookName = Exclude<HookName, AsyncHookName>;
