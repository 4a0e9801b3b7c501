/**
 * Reads the types of a component for the names in them, which become keys and comments of generated code, and for what
 * only components use that run concurrently.
 * https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#type-definitions
 */
import { STRUCTURE_BOUNDS } from './bounds.ts';
import type { ByteReader } from './byte_reader.ts';
import { readFunctionType, readLimits, readReferenceType, readValueType } from './core_types.ts';
import type { Tally } from './tally.ts';

/** The kind of definition that an instance is. */
export const INSTANCE_SORT = 5;
const CORE_SORT = 0;
/** Of core definitions: functions, tables, memories, globals; then types, modules and instances. */
const CORE_SORTS: ReadonlySet<number> = new Set([0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12]);
const SORT_MAX = 5;

const PRIMITIVE_MIN = 0x73;
const PRIMITIVE_MAX = 0x7f;
const NEGATIVE_LEB = 0x40;

/** Reads one type definition. */
export function readType(reader: ByteReader, tally: Tally, depth: number): void {
  tally.count('component_definitions');
  if (depth > STRUCTURE_BOUNDS.type_depth) throw reader.error('types are nested too deep', 'size');
  const form = reader.byte();
  if (isPrimitive(form)) return;
  switch (form) {
    case 0x72: // record
      return reader.each(() => readLabelled(reader, tally));
    case 0x71: // variant
      return reader.each(() => {
        tally.name(reader.name());
        readOptional(reader);
        if (reader.byte() !== 0) throw reader.error('a case that refines another');
      });
    case 0x70: // list
    case 0x6b: // option
      return readValue(reader);
    case 0x67: // list of fixed length
      throw reader.error('a list of fixed length', 'feature');
    case 0x6f: // tuple
      return reader.each(() => readValue(reader));
    case 0x6e: // flags
    case 0x6d: // enum
      return reader.each(() => tally.name(reader.name()));
    case 0x6a: // result
      readOptional(reader);
      return readOptional(reader);
    case 0x69: // own
    case 0x68: // borrow
      return void reader.u32();
    case 0x66:
    case 0x65:
    case 0x64:
    case 0x43:
      throw reader.error('a type of concurrent components', 'feature');
    case 0x40: // function
      reader.each(() => readLabelled(reader, tally));
      return readResults(reader);
    case 0x41: // component
      return reader.each(() => readDeclaration(reader, tally, depth, true));
    case 0x42: // instance
      return reader.each(() => readDeclaration(reader, tally, depth, false));
    case 0x3f: // resource
      if (reader.byte() !== 0x7f) throw reader.error('a resource of another representation', 'feature');
      if (reader.byte() === 1) reader.u32();
      return;
    default:
      throw reader.error(`a type of the unknown form ${form.toString(16)}`, 'feature');
  }
}

/** Reads a type of the core definitions inside a component: that of a function or of a module. */
export function readCoreType(reader: ByteReader, tally: Tally): void {
  tally.count('component_definitions');
  if (reader.peek() !== 0x50) return readFunctionType(reader);
  reader.skip(1);
  reader.each(() => {
    tally.count('component_definitions');
    switch (reader.byte()) {
      case 0: // import
        tally.name(reader.name());
        tally.name(reader.name());
        return readCoreExternType(reader);
      case 1: // type
        return readFunctionType(reader);
      case 3: // export
        tally.name(reader.name());
        return readCoreExternType(reader);
      default:
        throw reader.error('an alias in the type of a module', 'feature');
    }
  });
}

/** Reads the name of an import or export. */
export function readExternName(reader: ByteReader, tally: Tally): string {
  if (reader.byte() > 1) throw reader.error('a name in an encoding this version does not know');
  const name = reader.name();
  tally.name(name);
  return name;
}

/** Reads what an import or export must be. Whether it is an instance. */
export function readExternType(reader: ByteReader): boolean {
  const sort = readSort(reader);
  // A value or a type may be bound by equality to an index, or by its type alone.
  const unindexed = (sort === 2 || sort === 3) && reader.byte() === 1;
  if (!unindexed) reader.u32();
  else if (sort === 2) readValue(reader);
  return sort === INSTANCE_SORT;
}

/** Reads a kind of definition. @returns that of components, 0 for any of core modules */
export function readSort(reader: ByteReader): number {
  const sort = reader.byte();
  if (sort > SORT_MAX) throw reader.error(`a definition of the unknown kind ${sort}`);
  if (sort === CORE_SORT && !CORE_SORTS.has(reader.byte())) {
    throw reader.error('a core definition of a kind that is not supported', 'feature');
  }
  return sort;
}

/** Reads what an alias stands for, and returns its kind with, of core definitions, which. */
export function readAlias(reader: ByteReader, tally: Tally): { readonly sort: number; readonly core: number } {
  const sort = reader.byte();
  if (sort > SORT_MAX) throw reader.error(`a definition of the unknown kind ${sort}`);
  const core = sort === CORE_SORT ? reader.byte() : -1;
  if (sort === CORE_SORT && !CORE_SORTS.has(core)) {
    throw reader.error('a core definition of a kind that is not supported', 'feature');
  }
  const target = reader.byte();
  reader.u32();
  if (target === 2) reader.u32();
  else if (target > 2) throw reader.error('an alias of an unknown kind');
  else tally.name(reader.name());
  return { sort, core };
}

function readDeclaration(reader: ByteReader, tally: Tally, depth: number, imports: boolean): void {
  tally.count('component_definitions');
  const kind = reader.byte();
  switch (kind) {
    case 0:
      return readCoreType(reader, tally);
    case 1:
      return readType(reader, tally, depth + 1);
    case 2:
      return void readAlias(reader, tally);
    case 3: // import
      if (!imports) break;
      readExternName(reader, tally);
      return void readExternType(reader);
    case 4: // export
      readExternName(reader, tally);
      return void readExternType(reader);
  }
  throw reader.error('a declaration of an unknown kind');
}

function readResults(reader: ByteReader): void {
  switch (reader.byte()) {
    case 0:
      return readValue(reader);
    case 1:
      if (reader.byte() === 0) return;
      throw reader.error('a function with named results', 'feature');
    default:
      throw reader.error('results of an unknown kind');
  }
}

function readLabelled(reader: ByteReader, tally: Tally): void {
  tally.name(reader.name());
  readValue(reader);
}

function readOptional(reader: ByteReader): void {
  const present = reader.byte();
  if (present > 1) throw reader.error('neither a type nor none');
  if (present === 1) readValue(reader);
}

/** A primitive type, or the index of another. */
function readValue(reader: ByteReader): void {
  const first = reader.peek();
  if (isPrimitive(first)) return reader.skip(1);
  if ((first & 0xc0) === NEGATIVE_LEB) throw reader.error('an unknown primitive type', 'feature');
  reader.skipLeb();
}

function isPrimitive(form: number): boolean {
  return form >= PRIMITIVE_MIN && form <= PRIMITIVE_MAX;
}

function readCoreExternType(reader: ByteReader): void {
  const kind = reader.byte();
  switch (kind) {
    case 0: // function
      return void reader.u32();
    case 1: // table
      readReferenceType(reader);
      return void readLimits(reader, 'table');
    case 2: // memory
      return void readLimits(reader, 'memory');
    case 3: // global
      readValueType(reader);
      return void reader.byte();
    default:
      throw reader.error(`an import of the kind ${kind}, which is not supported`, 'feature');
  }
}
