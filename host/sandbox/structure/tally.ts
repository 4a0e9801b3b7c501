import { STRUCTURE_BOUNDS } from './bounds.ts';
import { ComponentRefusal } from './refusal.ts';

/** What a component is counted by. */
export type Counted =
  | 'component_definitions'
  | 'core_modules'
  | 'functions'
  | 'types'
  | 'imports'
  | 'exports'
  | 'globals'
  | 'element_segments'
  | 'data_segments'
  | 'tables';

/**
 * Copied into generated code, none of these characters can end a string or a comment there; written to a terminal, none
 * commands it.
 */
const HARMLESS_NAME = /^[A-Za-z0-9_$.:/@#|[\]-]*$/;

/** What JavaScript gives a meaning of its own. */
const SPECIAL_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Counts what all parts of a component have together, and looks at every name in it. Refuses at the first too many. */
export class Tally {
  readonly #counts = new Map<Counted, number>();

  /** One more. @throws ComponentRefusal `size` */
  count(kind: Counted): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    if (count > STRUCTURE_BOUNDS[kind]) {
      throw new ComponentRefusal('size', `it has more than ${STRUCTURE_BOUNDS[kind]} ${kind.replaceAll('_', ' ')}`);
    }
    this.#counts.set(kind, count);
  }

  /** Any name that a binding generator may copy into code. @throws ComponentRefusal `name` */
  name(name: string): void {
    if (name.length > STRUCTURE_BOUNDS.name_characters || !HARMLESS_NAME.test(name) || SPECIAL_NAMES.has(name)) {
      const shown = JSON.stringify(name.slice(0, 80)).replace(/[^ -~]/g, '?');
      throw new ComponentRefusal('name', `the name ${shown} is too long or has forbidden characters`);
    }
  }
}
