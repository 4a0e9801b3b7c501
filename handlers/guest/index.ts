export {
  defineHandler,
  type GuestHandler,
  type HandlerDefinition,
  type Resume,
  type Signal,
  type Step,
} from './define_handler.ts';
export { type FailureOptions, fail, HandlerFailure } from './failure.ts';
export type { Json, JsonObject } from './json.ts';
export {
  type BatchesOptions,
  batches,
  branch,
  complete,
  type Outcome,
  type Suspension,
  suspend,
  WAIT_MS_MAX,
} from './outcome.ts';
