/**
 * Reads the names in a WebAssembly component without executing or trusting any of it: its imports and exports, and
 * every name inside that a binding generator may copy into code.
 * https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
import { ByteReader } from './byte_reader.ts';

/** What a component shows of itself. */
export interface ComponentShape {
  /** Of the outermost component. */
  readonly imports: readonly ExternName[];
  readonly exports: readonly ExternName[];
  /** Of all its parts, at any depth: imports, exports, and the names instances are wired by. */
  readonly names: ReadonlySet<string>;
}

/** An import or export of a component. */
export interface ExternName {
  readonly name: string;
  readonly instance: boolean;
}

const COMPONENT_LAYER = '0d000100';
const MODULE_LAYER = '01000000';
const NESTING_MAX = 16;
const INSTANCE_SORT = 5;

/** @throws Error that names what is wrong and at which byte */
export function readComponent(bytes: Uint8Array): ComponentShape {
  const shape = { imports: [] as ExternName[], exports: [] as ExternName[], names: new Set<string>() };
  readPart(new ByteReader(bytes), shape, 0);
  return shape;
}

interface Shape {
  readonly imports: ExternName[];
  readonly exports: ExternName[];
  readonly names: Set<string>;
}

function readPart(reader: ByteReader, shape: Shape, depth: number): void {
  if (depth > NESTING_MAX) throw reader.error(`components are nested more than ${NESTING_MAX} deep`);
  if (reader.hex(4) !== '0061736d') throw reader.error('not a WebAssembly binary');
  const layer = reader.hex(4);
  if (layer === MODULE_LAYER && depth === 0) throw reader.error('a core module; a component is expected');
  if (layer !== MODULE_LAYER && layer !== COMPONENT_LAYER) throw reader.error('an unknown WebAssembly version');
  while (!reader.atEnd) {
    const id = reader.byte();
    const section = reader.slice(reader.u32());
    if (layer === MODULE_LAYER) readModuleSection(id, section, shape.names);
    else readComponentSection(id, section, shape, depth);
  }
}

function readComponentSection(id: number, section: ByteReader, shape: Shape, depth: number): void {
  const { names } = shape;
  switch (id) {
    case 1: // core module
    case 4: // component
      return readPart(section, shape, depth + 1);
    case 2:
      return section.each(() => readCoreInstance(section, names));
    case 5:
      return section.each(() => readInstance(section, names));
    case 6:
      return section.each(() => readAlias(section, names));
    case 10:
      return section.each(() => {
        const name = externName(section, names);
        const instance = readExternType(section);
        if (depth === 0) shape.imports.push({ name, instance });
      });
    case 11:
      return section.each(() => {
        const name = externName(section, names);
        const instance = readSortIndex(section);
        if (section.byte() === 1) readExternType(section);
        if (depth === 0) shape.exports.push({ name, instance });
      });
  }
}

function readModuleSection(id: number, section: ByteReader, names: Set<string>): void {
  if (id === 2) {
    section.each(() => {
      names.add(section.name());
      names.add(section.name());
      readCoreExternType(section);
    });
  } else if (id === 7) {
    section.each(() => {
      names.add(section.name());
      section.byte();
      section.u32();
    });
  }
}

function readCoreInstance(section: ByteReader, names: Set<string>): void {
  const inline = section.byte() === 1;
  if (!inline) section.u32();
  section.each(() => {
    names.add(section.name());
    section.byte();
    section.u32();
  });
}

function readInstance(section: ByteReader, names: Set<string>): void {
  const inline = section.byte() === 1;
  if (!inline) section.u32();
  section.each(() => {
    if (inline) externName(section, names);
    else names.add(section.name());
    readSortIndex(section);
  });
}

function readAlias(section: ByteReader, names: Set<string>): void {
  readSort(section);
  const target = section.byte();
  section.u32();
  if (target === 2) section.u32();
  else names.add(section.name());
}

function externName(section: ByteReader, names: Set<string>): string {
  if (section.byte() > 1) throw section.error('a name in an encoding this version does not know');
  const name = section.name();
  names.add(name);
  return name;
}

/** Whether it is an instance. */
function readSortIndex(section: ByteReader): boolean {
  const sort = readSort(section);
  section.u32();
  return sort === INSTANCE_SORT;
}

function readSort(section: ByteReader): number {
  const sort = section.byte();
  if (sort === 0) section.byte();
  return sort;
}

/** Whether it is an instance. */
function readExternType(section: ByteReader): boolean {
  const sort = section.byte();
  if (sort === 0) section.byte();
  // A value or a type may be bound by equality to an index, or by its type alone.
  const unindexed = (sort === 2 || sort === 3) && section.byte() === 1;
  if (!unindexed) section.u32();
  else if (sort === 2) section.skipLeb();
  return sort === INSTANCE_SORT;
}

function readCoreExternType(section: ByteReader): void {
  const kind = section.byte();
  switch (kind) {
    case 0: // function
      return void section.u32();
    case 1: // table
      readValueType(section);
      return readLimits(section);
    case 2: // memory
      return readLimits(section);
    case 3: // global
      readValueType(section);
      return void section.byte();
    case 4: // tag
      section.byte();
      return void section.u32();
    default:
      throw section.error(`an import of the unknown kind ${kind}`);
  }
}

function readValueType(section: ByteReader): void {
  const type = section.byte();
  // `(ref null? heaptype)`
  if (type === 0x63 || type === 0x64) section.skipLeb();
}

function readLimits(section: ByteReader): void {
  const flags = section.byte();
  section.skipLeb();
  if (flags & 1) section.skipLeb();
  if (flags & 8) section.skipLeb();
}
