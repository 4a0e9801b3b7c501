/** How much a component may have of what costs its reader, its translator or the engine more than its bytes. */
export const STRUCTURE_BOUNDS = {
  /** Characters of any name. */
  name_characters: 512,
  /** Components inside components. */
  depth: 8,
  /** Types inside types. */
  type_depth: 16,
  /** Each kind of definition of a component, its parts included. */
  component_definitions: 20_000,
  core_modules: 32,
  core_instances: 256,
  /** Linear memories, of those that do not start empty, that one instance of it has. */
  memories: 1,
  /** Of all core modules together, each. */
  functions: 100_000,
  types: 20_000,
  imports: 2_000,
  exports: 20_000,
  globals: 20_000,
  element_segments: 10_000,
  data_segments: 200_000,
  tables: 8,
  /** Entries of each table, when it is made and ever. */
  table_entries: 200_000,
  /** Parameters or results of one function. */
  values: 1_000,
  /** Locals of one function. */
  locals: 20_000,
  /** Bytes of one function. */
  body_bytes: 2 * 1024 * 1024,
  /** Blocks inside blocks. */
  block_depth: 5_000,
} as const;
