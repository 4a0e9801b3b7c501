import type { ComponentStore } from '../../sandbox/component_store.ts';
import type { HandlerCase } from '../case_file.ts';
import type { CaseEngine, EngineEnd } from '../engine.ts';
import type { LoadedTarget } from '../load.ts';
import type { Target } from '../target.ts';

/** A component under examination. */
export interface Subject {
  readonly target: Target;
  readonly loaded: LoadedTarget;
  readonly components: ComponentStore;
  readonly wasm: CaseEngine;
  /** Undefined without a source. */
  readonly native?: CaseEngine;
  /** The examples of its capability and the cases of its source. */
  readonly runs: readonly SubjectRun[];
}

/** A case or an example, and how it ended in a cell the first time. */
export interface SubjectRun {
  readonly each: HandlerCase;
  readonly end: EngineEnd;
}
