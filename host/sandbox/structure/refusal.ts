/** Which kind of rule a component breaks. */
export type RefusalRule =
  /** Not a component, or not in the binary format. */
  | 'malformed'
  /** More of something than a handler needs. */
  | 'size'
  /** A name that could become code, or a terminal's command. */
  | 'name'
  /** A part of WebAssembly that no supported toolchain emits. */
  | 'feature'
  /** Memory at its start beyond the limit, or more than one. */
  | 'memory'
  /** An import that is not offered, or no handler exported. */
  | 'world'
  /** Not a component that can be translated: its parts do not fit each other. */
  | 'translation'
  /** It does not say what it is, or not in time. */
  | 'describe';

/** A component may not run here. The message names what, and where there is one, the byte. */
export class ComponentRefusal extends Error {
  override readonly name = 'ComponentRefusal';
  readonly rule: RefusalRule;

  constructor(rule: RefusalRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
