/** What plugins are held to: suites of behaviours for whoever writes one. Exported as `weft/conformance`. */
export {
  type AdapterUnderTest,
  type DeclareTest,
  modelAdapterConformance,
  type ProviderSituation,
} from './model_adapter.ts';
export { type PlannerUnderTest, plannerConformance } from './planner.ts';
export { type ValidatorCase, type ValidatorUnderTest, validatorConformance } from './validator.ts';
