import type { Json } from './json.ts';
import type { Problem } from './schema/problem.ts';

/** One problem, in the one shape that command line, API, editor and planner feedback share. */
export interface Diagnostic {
  /** Stable, snake_case; documented in docs/diagnostics.md. A plugin's own are `<plugin>/<code>`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** Which check found it. */
  readonly stage: Stage;
  /** JSON pointer (RFC 6901) into the document. */
  readonly pointer: string;
  readonly message: string;
  readonly expected?: Json;
  readonly got?: Json;
  /** What to do, with the nearest valid name when there is one. */
  readonly suggestion?: string;
  /** Added by the host, which knows the text; 1-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * The checks of a template or a fragment in the order in which they run (`bounds` and `convergence` are of fragments);
 * then those of a task's context and of an API request. */
export const STAGES = [
  'limits',
  'syntax',
  'schema',
  'handlers',
  'configuration',
  'graph',
  'references',
  'bounds',
  'convergence',
  'policy',
  'context',
  'request',
] as const;

export type Stage = (typeof STAGES)[number];

const error = (stage: Stage) => ({ stage, severity: 'error' }) as const;
const warning = (stage: Stage) => ({ stage, severity: 'warning' }) as const;

/** Every code Weft itself gives. docs/diagnostics.md explains each; a test holds the two together. */
export const DIAGNOSTICS = {
  document_too_large: error('limits'),
  document_too_deep: error('limits'),
  text_not_well_formed: error('limits'),
  key_forbidden: error('limits'),
  number_out_of_range: error('limits'),
  aliases_too_large: error('limits'),
  problems_omitted: warning('limits'),

  syntax_error: error('syntax'),
  document_missing: error('syntax'),
  documents_several: error('syntax'),
  directive_forbidden: error('syntax'),
  tag_forbidden: error('syntax'),
  key_duplicate: error('syntax'),
  key_not_text: error('syntax'),
  alias_unknown: error('syntax'),

  key_unknown: error('schema'),
  key_missing: error('schema'),
  value_invalid: error('schema'),
  input_schema_unusable: error('schema'),
  output_schema_unusable: error('schema'),
  key_misplaced: error('schema'),
  planner_unknown: error('schema'),
  too_many_steps: error('schema'),
  too_many_dependencies: error('schema'),
  not_supported_yet: error('schema'),
  not_enforced_yet: warning('schema'),

  handler_unknown: error('handlers'),
  handler_version_unknown: error('handlers'),
  handler_outside_catalog: error('handlers'),
  catalog_name_unknown: error('handlers'),

  config_invalid: error('configuration'),
  inputs_invalid: error('configuration'),
  too_many_references: error('configuration'),

  step_duplicate: error('graph'),
  dependency_unknown: error('graph'),
  dependency_self: error('graph'),
  dependency_duplicate: error('graph'),
  dependency_cycle: error('graph'),
  decision_without_choices: error('graph'),
  choice_unknown: error('graph'),
  batch_workers_miscounted: error('graph'),
  batch_worker_misplaced: error('graph'),
  max_items_missing: error('graph'),
  max_items_misplaced: error('graph'),
  choice_never_made: warning('graph'),
  deferred_without_decision: warning('graph'),
  convergence_not_deferred: warning('graph'),
  convergence_target_invalid: error('graph'),
  context_source_invalid: error('graph'),

  reference_malformed: error('references'),
  reference_unknown_step: error('references'),
  reference_not_ancestor: error('references'),
  reference_path_impossible: error('references'),
  reference_type_mismatch: error('references'),
  reference_out_of_place: error('references'),
  secret_undeclared: error('references'),
  secret_out_of_place: error('references'),

  // Of fragments
  step_orphaned: error('graph'),
  exit_unreachable: error('graph'),
  bound_exceeded: error('bounds'),
  budget_exceeded: error('bounds'),
  bound_understated: error('bounds'),
  exit_unknown: error('convergence'),
  exit_not_last: error('convergence'),
  exit_not_possible: error('convergence'),
  exit_may_not_exist: error('convergence'),
  exit_output_mismatch: error('convergence'),
  step_shadows_frame: warning('references'),

  // Of plans, besides what is wrong with their fragments
  plan_truncated: error('syntax'),
  plan_not_approved: error('policy'),
  plan_refused_by_plugin: error('policy'),

  plugin_failed: error('policy'),

  context_invalid: error('context'),

  json_invalid: error('syntax'),
  request_invalid: error('request'),

  // Building handlers
  capability_invalid: error('schema'),
  handler_source_invalid: error('syntax'),
  handler_import_undeclared: error('configuration'),
  handler_component_invalid: error('configuration'),
  handler_types_invalid: error('schema'),
  case_invalid: error('schema'),

  // Loading components
  component_unreadable: error('handlers'),
  component_too_large: error('handlers'),
  component_malformed: error('handlers'),
  component_untranslatable: error('handlers'),
  component_undescribed: error('handlers'),
  component_not_loaded: error('handlers'),
  handler_import_not_granted: error('handlers'),
  handler_example_failed: error('handlers'),
  handler_refused_by_plugin: error('handlers'),
  handler_version_taken: error('handlers'),
} as const satisfies Record<string, Pick<Diagnostic, 'stage' | 'severity'>>;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;

/** A diagnostic of Weft's own: stage and severity come from the table. */
export function diagnose(code: DiagnosticCode, problem: Problem): Diagnostic {
  const { pointer, message, expected, got, suggestion } = problem;
  return {
    code,
    ...DIAGNOSTICS[code],
    pointer,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Whether what was checked can be used: warnings do not stand in the way. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** So many problems of one document are reported: one mistake, made everywhere, needs no longer list. */
export const DIAGNOSTICS_MAX = 200;

/** The first of many diagnostics, errors before warnings when not all fit, and a last one that counts the others. */
export function shortened(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= DIAGNOSTICS_MAX) return diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  const omitted = diagnostics.length - DIAGNOSTICS_MAX;
  const message = `${omitted} more problems are not listed`;
  return [
    ...[...errors, ...warnings].slice(0, DIAGNOSTICS_MAX),
    diagnose('problems_omitted', { pointer: '', message, got: omitted }),
  ];
}
