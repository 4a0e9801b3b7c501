import type { CatalogEntry } from '../capability/types.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Problem } from '../schema/problem.ts';
import type { EgressRule, Reference, StepType } from '../template/types.ts';

/**
 * A template as the stages and their hooks see it: everything of the document that can be read, whatever else is
 * wrong with it. What is absent was missing or unreadable, and has its diagnostic already.
 */
export interface Review {
  /** As it was written, without the keys that nothing may hold. */
  readonly document: Json;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly input_schema: JsonObject | undefined;
  /** Names of the handlers the template may use; undefined for all. */
  readonly catalog: readonly string[] | undefined;
  readonly egress: readonly EgressRule[];
  readonly secrets: readonly string[];
  readonly steps: readonly ReviewedStep[];
}

/** A step as far as it can be read. */
export interface ReviewedStep {
  readonly index: number;
  /** Of the step: `/steps/<index>`. */
  readonly pointer: string;
  readonly name: string | undefined;
  readonly type: StepType | undefined;
  readonly handler: { readonly name: string; readonly range: string } | undefined;
  /** What the handler name and range mean now; from the stage `handlers` on. */
  readonly entry: CatalogEntry | undefined;
  readonly config: JsonObject | undefined;
  /** Undefined also when the step has none: it is given the results of its dependencies. */
  readonly inputs: JsonObject | undefined;
  readonly dependencies: readonly { readonly name: string; readonly pointer: string }[];
  /** Of config and inputs, where they stand in the document; from the stage `references` on. */
  readonly references: readonly { readonly pointer: string; readonly reference: Reference }[];
}

/** A problem that a plugin found: an error unless it says otherwise. */
export interface Finding extends Problem {
  /** snake_case; in the diagnostic, the plugin's name stands before it. */
  readonly code: string;
  readonly severity?: Diagnostic['severity'];
}

/** Adds a problem to what the stage found. */
export type Report = (finding: Finding) => void;
