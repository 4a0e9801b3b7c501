import type { CatalogEntry } from '../capability/types.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Problem } from '../schema/problem.ts';
import type { EgressRule, Reference, StepType } from '../template/types.ts';

/**
 * A template, or the fragment of a plan, as the stages and their hooks see it: everything of the document that can be
 * read, whatever else is wrong with it. What is absent was missing or unreadable, and has its diagnostic already. What
 * a fragment does not say itself (name, catalog, grants) is that of its template or planning step.
 */
export interface Review {
  /** As it was written, without the keys that nothing may hold. */
  readonly document: Json;
  /** Of a fragment: where it shall run. */
  readonly plan?: PlanReview;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly input_schema: JsonObject | undefined;
  /** Names of the handlers the template may use; undefined for all. */
  readonly catalog: readonly string[] | undefined;
  readonly egress: readonly EgressRule[];
  readonly secrets: readonly string[];
  readonly steps: readonly ReviewedStep[];
}

/** The surroundings of a fragment. */
export interface PlanReview {
  /** Name of the planning step, and which of its plans this is, from 1. */
  readonly step: string;
  readonly phase: number;
  /** What is over before the fragment starts, by name. */
  readonly around: ReadonlyMap<string, SurroundingStep>;
}

/** Something outside of a fragment that its steps may refer to: it is over before any of them starts. */
export interface SurroundingStep {
  /** As references name it: a step of the frame, or `<planning step>/<phase>/<name>` of an earlier plan. */
  readonly name: string;
  /** What references see of it: `.result`, the `.results` of a batch, or a plan's `.output`. */
  readonly kind: 'step' | 'batch' | 'plan';
  /** JSON Schema of its result or output; anything when absent. */
  readonly output_schema?: JsonObject;
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
  /** Of a planning step. */
  readonly goal?: string | undefined;
  /** Undefined also when the step has none: it is given the results of its dependencies. */
  readonly inputs: JsonObject | undefined;
  readonly dependencies: readonly { readonly name: string; readonly pointer: string }[];
  /** Of a fan-out that says so: how many items it may have. */
  readonly max_items: number | undefined;
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
