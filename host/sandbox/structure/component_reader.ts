/**
 * Reads a WebAssembly component whole without executing or trusting any of it. Total and linear: it gives a shape or
 * throws a ComponentRefusal, whatever the bytes, and no part of them is read twice.
 * https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
import { STRUCTURE_BOUNDS } from './bounds.ts';
import { ByteReader } from './byte_reader.ts';
import { PAGE_BYTES } from './core_types.ts';
import { readModule } from './module_reader.ts';
import { Tally } from './tally.ts';
import {
  INSTANCE_SORT,
  readAlias,
  readCoreType,
  readExternName,
  readExternType,
  readSort,
  readType,
} from './type_reader.ts';

/** What a component shows of itself. */
export interface ComponentShape {
  /** Of the outermost component. */
  readonly imports: readonly ExternName[];
  readonly exports: readonly ExternName[];
  /** Of its one linear memory when it starts; others may be declared, but are empty and stay so. */
  readonly memory_bytes: number;
}

/** An import or export of a component. */
export interface ExternName {
  readonly name: string;
  readonly instance: boolean;
}

const COMPONENT_LAYER = '0d000100';
const MODULE_LAYER = '01000000';
const CORE_MODULE_SORT = 0x11;
const COMPONENT_SORT = 4;

const LIFT = 0x00;
const LOWER = 0x01;
/** `resource.new`, `resource.drop`, `resource.rep`. */
const RESOURCE_BUILTINS: ReadonlySet<number> = new Set([0x02, 0x03, 0x04]);

/** What is gathered while reading. */
interface Reading {
  readonly tally: Tally;
  readonly imports: ExternName[];
  readonly exports: ExternName[];
  memory_pages: number;
}

/** What instantiating something once makes, with all it instantiates in turn; memories that are not empty. */
interface Made {
  memories: number;
  core_instances: number;
}

/** A component that is being read, itself perhaps inside another. */
interface Level extends Made {
  readonly depth: number;
  /** What instances of its core modules and of its components make, by index. */
  readonly modules: Made[];
  readonly components: Made[];
}

/** @throws ComponentRefusal */
export function readComponent(bytes: Uint8Array): ComponentShape {
  const reading: Reading = { tally: new Tally(), imports: [], exports: [], memory_pages: 0 };
  const reader = new ByteReader(bytes);
  if (readLayer(reader) === MODULE_LAYER) throw reader.error('a core module; a component is expected');
  readParts(reader, reading, 0);
  const { imports, exports, memory_pages } = reading;
  return { imports, exports, memory_bytes: memory_pages * PAGE_BYTES };
}

function readLayer(reader: ByteReader): string {
  if (reader.hex(4) !== '0061736d') throw reader.error('not a WebAssembly binary');
  const layer = reader.hex(4);
  if (layer !== MODULE_LAYER && layer !== COMPONENT_LAYER) throw reader.error('an unknown WebAssembly version');
  return layer;
}

function readParts(reader: ByteReader, reading: Reading, depth: number): Made {
  if (depth > STRUCTURE_BOUNDS.depth) throw reader.error('components are nested too deep', 'size');
  const level: Level = { depth, modules: [], components: [], memories: 0, core_instances: 0 };
  while (!reader.atEnd) {
    const id = reader.byte();
    const section = reader.slice(reader.u32());
    readSection(id, section, reading, level);
    if (id !== 0) section.end(`section ${id} of a component`);
  }
  return level;
}

function readSection(id: number, section: ByteReader, reading: Reading, level: Level): void {
  const { tally } = reading;
  const each = (read: () => void): void =>
    section.each(() => {
      tally.count('component_definitions');
      read();
    });
  switch (id) {
    case 0:
      return tally.name(section.name());
    case 1:
      return readCoreModule(section, reading, level);
    case 2:
      return each(() => readCoreInstance(section, tally, level));
    case 3:
      return section.each(() => readCoreType(section, tally));
    case 4:
      tally.count('component_definitions');
      if (readLayer(section) !== COMPONENT_LAYER) throw section.error('a component is expected');
      return void level.components.push(readParts(section, reading, level.depth + 1));
    case 5:
      return each(() => readInstance(section, tally, level));
    case 6:
      return each(() => {
        const { sort, core } = readAlias(section, tally);
        // What an instance makes must be known where it is made.
        if (sort === 0 && core === CORE_MODULE_SORT) throw section.error('an alias of a core module', 'feature');
        if (sort === COMPONENT_SORT) throw section.error('an alias of a component', 'feature');
      });
    case 7:
      return section.each(() => readType(section, tally, 0));
    case 8:
      return each(() => readCanonical(section));
    case 9:
      throw section.error('a start function of a component', 'feature');
    case 10:
      return each(() => {
        tally.count('imports');
        const name = readExternName(section, tally);
        const sort = section.peek();
        if (level.depth > 0 && (sort === 0 || sort === COMPONENT_SORT)) {
          throw section.error('an import of a module or component', 'feature');
        }
        const instance = readExternType(section);
        if (level.depth === 0) reading.imports.push({ name, instance });
      });
    case 11:
      return each(() => {
        tally.count('exports');
        const name = readExternName(section, tally);
        const instance = readSortIndex(section) === INSTANCE_SORT;
        if (section.byte() === 1) readExternType(section);
        if (level.depth === 0) reading.exports.push({ name, instance });
      });
    default:
      throw section.error(`an unknown section ${id} of a component`, 'feature');
  }
}

function readCoreModule(section: ByteReader, reading: Reading, level: Level): void {
  reading.tally.count('core_modules');
  if (readLayer(section) !== MODULE_LAYER) throw section.error('a core module is expected');
  const pages = readModule(section, reading.tally);
  level.modules.push({ memories: pages === 0 ? 0 : 1, core_instances: 1 });
  reading.memory_pages = Math.max(reading.memory_pages, pages);
}

/** Counts what an instance makes; components that instantiate each other twice over would make any number. */
function make(made: Made | undefined, level: Level, section: ByteReader): void {
  if (made === undefined) throw section.error('an instance of what is not there');
  level.memories += made.memories;
  level.core_instances += made.core_instances;
  if (level.memories > STRUCTURE_BOUNDS.memories) throw section.error('more than one memory', 'memory');
  if (level.core_instances > STRUCTURE_BOUNDS.core_instances) throw section.error('too many core instances', 'size');
}

function readCoreInstance(section: ByteReader, tally: Tally, level: Level): void {
  switch (section.byte()) {
    case 0:
      make(level.modules[section.u32()], level, section);
      return section.each(() => {
        tally.name(section.name());
        if (section.byte() !== 0x12) throw section.error('a core module is given something other than an instance');
        section.u32();
      });
    case 1:
      return section.each(() => {
        tally.name(section.name());
        if (section.byte() > 3) throw section.error('an export of a kind that is not supported', 'feature');
        section.u32();
      });
    default:
      throw section.error('a core instance of an unknown kind');
  }
}

function readInstance(section: ByteReader, tally: Tally, level: Level): void {
  switch (section.byte()) {
    case 0:
      make(level.components[section.u32()], level, section);
      return section.each(() => {
        tally.name(section.name());
        readSortIndex(section);
      });
    case 1:
      return section.each(() => {
        readExternName(section, tally);
        readSortIndex(section);
      });
    default:
      throw section.error('an instance of an unknown kind');
  }
}

/** The kind of what is pointed at. */
function readSortIndex(section: ByteReader): number {
  const sort = readSort(section);
  section.u32();
  return sort;
}

/** A function that crosses between a component and a core module, or one that the component model supplies. */
function readCanonical(section: ByteReader): void {
  const kind = section.byte();
  if (kind === LIFT || kind === LOWER) {
    if (section.byte() !== 0) throw section.error('a canonical function of an unknown kind');
    section.u32();
    readOptions(section);
    if (kind === LIFT) section.u32();
  } else if (RESOURCE_BUILTINS.has(kind)) {
    section.u32();
  } else {
    throw section.error('a built-in function of concurrent components', 'feature');
  }
}

function readOptions(section: ByteReader): void {
  section.each(() => {
    const option = section.byte();
    if (option > 5) throw section.error('an option of concurrent components', 'feature');
    // Below are encodings of strings; these name a memory or a function.
    if (option >= 3) section.u32();
  });
}
