/**
 * What plugins may use of the kernel; everything else may change without notice. Its version is `KERNEL_VERSION`,
 * which a plugin names a range of.
 */
export type { Capability, CatalogEntry } from './capability/types.ts';
export type { Diagnostic, Stage } from './diagnostics.ts';
export type { PluginHooks, TapOptions } from './hooks/hooks.ts';
export { HOOKS, type HookName, type HookTaps } from './hooks/table.ts';
export type { Json, JsonObject } from './json.ts';
export type { Amounts, BudgetDimension } from './planning/budget.ts';
export type { ModelAdapter, ModelAnswer, ModelContent, ModelMessage, ModelRequest } from './planning/model_adapter.ts';
export {
  type CallCap,
  NO_USAGE,
  type PlanAnswer,
  type PlanCall,
  type PlanConstraints,
  type PlanContextItem,
  type PlanFeedback,
  type Planner,
  PlannerFailure,
  type PlannerProblem,
  type PlanRequest,
  type PlanUsage,
} from './planning/planner.ts';
export type { Registry } from './planning/registry.ts';
export { KERNEL_VERSION, type Plugin, type PluginServices } from './plugin.ts';
export { compileValue } from './reference/parse.ts';
export { didYouMean, nearest } from './schema/nearest.ts';
export { pointerOf, pointerToken } from './schema/pointer.ts';
export { type EgressRequest, egressAllows, hostMatches } from './template/egress.ts';
export type { EgressRule, Reference, StepType } from './template/types.ts';
export type { Finding, PlanReview, Report, Review, ReviewedStep, SurroundingStep } from './validation/review.ts';
