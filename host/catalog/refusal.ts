import { type Diagnostic, type DiagnosticCode, diagnose } from '../../kernel/diagnostics.ts';
import { type Problem, problemText } from '../../kernel/schema/problem.ts';

/** The checks that a component passes before it joins the catalog, in their order. */
export const LOAD_STAGES = [
  /** The file: kind, size, links, at rest. */
  'read',
  /** Bytes alone: structure, features, names, world. */
  'structure',
  /** By jco, in a confined process. */
  'translation',
  /** `describe`, in a cell. */
  'description',
  /** Meta-schema and guard. */
  'capability',
  /** What it imports is what it declares. */
  'imports',
  /** Its own, in a cell. */
  'examples',
  /** What it imports is what the operator grants. */
  'grants',
  /** `catalogRegistration`. */
  'plugins',
  /** No other bytes have its name and version. */
  'version',
] as const;

export type LoadStage = (typeof LOAD_STAGES)[number];

/** A component was refused at a stage, for reasons that are diagnostics. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly stage: LoadStage;
  readonly diagnostics: readonly Diagnostic[];

  constructor(stage: LoadStage, diagnostics: readonly Diagnostic[], cause?: unknown) {
    super(diagnostics.map(problemText).join('; '), cause === undefined ? undefined : { cause });
    this.stage = stage;
    this.diagnostics = diagnostics;
  }
}

/** A refusal for one reason. */
export function refuse(
  stage: LoadStage,
  code: DiagnosticCode,
  problem: Omit<Problem, 'pointer'>,
  cause?: unknown,
): Refusal {
  return new Refusal(stage, [diagnose(code, { pointer: '', ...problem })], cause);
}
