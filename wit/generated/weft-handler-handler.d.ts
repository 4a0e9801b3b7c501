declare module 'weft:handler/handler@1.0.0' {
  /**
   * The capability schema: constant, cheap, needs no import.
   */
  export function describe(): Json;
  /**
   * Performs one dispatch.
   */
  export function run(step: Step): Outcome;
  /**
   * A JSON text (RFC 8259), UTF-8.
   */
  export type Json = string;
  /**
   * Why a suspended step wakes, and what it had kept.
   */
  export interface Resume {
    /**
     * The state that the suspension carried, unchanged.
     */
    state: Json,
    /**
     * An array of `{id, at_ms, principal, roles, data, reason?}` received since, oldest first.
     */
    signals: Json,
    /**
     * The name of the deadline that fired, when one did.
     */
    fired?: string,
  }
  /**
   * One dispatch of one step: everything a handler may know.
   */
  export interface Step {
    /**
     * The task the step belongs to.
     */
    taskId: string,
    /**
     * Unique in the store; stable across attempts.
     */
    stepId: string,
    /**
     * The step's name in its template or fragment.
     */
    stepName: string,
    /**
     * Counts from 1; a resumed suspension keeps its attempt.
     */
    attempt: number,
    /**
     * Stable across attempts and dispatches. Derive the keys of outside effects from it.
     */
    idempotencyKey: string,
    /**
     * Valid against the capability's `configSchema`, references resolved.
     */
    config: Json,
    /**
     * Valid against the capability's `inputSchema`, references resolved.
     */
    inputs: Json,
    /**
     * Present when a suspended step wakes.
     */
    resume?: Resume,
  }
  /**
   * A decision's outcome.
   */
  export interface Branch {
    /**
     * Names of steps that depend directly on the decision; may be empty.
     */
    steps: Array<string>,
    /**
     * The step's result, valid against `outputSchema`.
     */
    result: Json,
  }
  /**
   * A fan-out's outcome.
   */
  export interface Batches {
    /**
     * One JSON value for each worker, in order; may be empty.
     */
    items: Array<Json>,
    /**
     * How many workers may be in flight at once; 0 means no limit of its own.
     */
    maxConcurrency: number,
    /**
     * The step's result, valid against `outputSchema`.
     */
    result: Json,
  }
  /**
   * A moment at which a suspended step wakes on its own.
   */
  export interface Deadline {
    name: string,
    /**
     * From the moment the suspension is recorded, in milliseconds.
     */
    afterMs: number,
  }
  /**
   * What a waiting step keeps and whom it waits for.
   */
  export interface Suspension {
    /**
     * Given back unchanged in `resume.state`.
     */
    state: Json,
    /**
     * What people are shown: an object with at least `title`; `audience` (principals as
     * `name`, roles as `role:name`) limits who may signal, absent means anybody with the right to.
     */
    request: Json,
    /**
     * JSON Schema 2020-12 that a signal's data must meet.
     */
    signals: Json,
    /**
     * At most 16; a name is given back in `resume.fired`.
     */
    deadlines: Array<Deadline>,
  }
  /**
   * How a run ended well.
   */
  export type Outcome = OutcomeComplete | OutcomeBranch | OutcomeBatches | OutcomeSuspend;
  /**
   * The step's result, valid against `outputSchema`.
   */
  export interface OutcomeComplete {
    tag: 'complete',
    val: Json,
  }
  /**
   * A decision: which steps of the template to create.
   */
  export interface OutcomeBranch {
    tag: 'branch',
    val: Branch,
  }
  /**
   * A fan-out: the inputs of its workers.
   */
  export interface OutcomeBatches {
    tag: 'batches',
    val: Batches,
  }
  /**
   * Nothing more to do until a signal or a deadline.
   */
  export interface OutcomeSuspend {
    tag: 'suspend',
    val: Suspension,
  }
  /**
   * How a run ended badly.
   */
  export interface Failure {
    /**
     * One of the capability's `errors[].code`, or `handler_bug` for an exception that nobody foresaw.
     */
    code: string,
    /**
     * For people: what was wrong and what to do.
     */
    message: string,
    /**
     * Whether another attempt may succeed.
     */
    retryable: boolean,
    /**
     * The least wait before the next attempt, when the other side named one.
     */
    retryAfterMs?: number,
    /**
     * More for programs, when there is more.
     */
    details?: Json,
  }
}
