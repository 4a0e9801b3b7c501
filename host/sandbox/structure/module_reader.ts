/**
 * Reads a core module whole: its names, its instructions, and how much it has of each thing.
 * https://webassembly.github.io/spec/core/binary/modules.html
 */
import { STRUCTURE_BOUNDS } from './bounds.ts';
import type { ByteReader } from './byte_reader.ts';
import { readExpression, readFunctionBody } from './code_reader.ts';
import { type CoreLimits, readFunctionType, readLimits, readReferenceType, readValueType } from './core_types.ts';
import type { Tally } from './tally.ts';

/** A section's place in the order that the format prescribes; custom sections may stand anywhere. */
const ORDER: readonly number[] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11];
const TAG_SECTION = 13;

const ELEMENTS_ACTIVE_MAX = 7;
const DATA_KIND_MAX = 2;

/** What the sections of one module add up to. */
interface Reading {
  readonly tally: Tally;
  /** Of the memory it makes, at the start. */
  pages: number;
  memories: number;
}

/**
 * @param reader behind the module's header.
 * @returns how many pages the module's own memory has when it starts.
 */
export function readModule(reader: ByteReader, tally: Tally): number {
  const reading: Reading = { tally, pages: 0, memories: 0 };
  let place = 0;
  while (!reader.atEnd) {
    const id = reader.byte();
    const section = reader.slice(reader.u32());
    if (id === 0) {
      tally.name(section.name());
      continue;
    }
    if (id === TAG_SECTION) throw section.error('a tag of exceptions', 'feature');
    const next = ORDER[id];
    if (next === undefined) throw section.error(`an unknown section ${id}`);
    if (next <= place) throw section.error(`section ${id} is out of order or there twice`);
    place = next;
    readSection(id, section, reading);
    section.end(`section ${id}`);
  }
  return reading.pages;
}

function readSection(id: number, section: ByteReader, reading: Reading): void {
  const { tally } = reading;
  switch (id) {
    case 1:
      return section.each(() => {
        tally.count('types');
        readFunctionType(section);
      });
    case 2:
      return section.each(() => {
        tally.count('imports');
        tally.name(section.name());
        tally.name(section.name());
        readImport(section, reading);
      });
    case 3:
      return section.each(() => {
        tally.count('functions');
        section.u32();
      });
    case 4:
      return section.each(() => readTable(section, tally));
    case 5:
      return section.each(() => {
        reading.pages = readMemory(section, reading).minimum;
      });
    case 6:
      return section.each(() => {
        tally.count('globals');
        readGlobalType(section);
        readExpression(section);
      });
    case 7:
      return section.each(() => {
        tally.count('exports');
        tally.name(section.name());
        if (section.byte() > 3) throw section.error('an export of a kind that is not supported', 'feature');
        section.u32();
      });
    case 8: // start
    case 12: // data count
      return void section.u32();
    case 9:
      return section.each(() => {
        tally.count('element_segments');
        readElements(section);
      });
    case 10:
      return section.each(() => readFunctionBody(section));
    case 11:
      return section.each(() => {
        tally.count('data_segments');
        readData(section);
      });
  }
}

function readImport(section: ByteReader, reading: Reading): void {
  const kind = section.byte();
  switch (kind) {
    case 0:
      return void section.u32();
    case 1:
      return readTable(section, reading.tally);
    case 2:
      return void readMemory(section, reading);
    case 3:
      return readGlobalType(section);
    default:
      throw section.error(`an import of the kind ${kind}, which is not supported`, 'feature');
  }
}

function readMemory(section: ByteReader, reading: Reading): CoreLimits {
  if (++reading.memories > 1) throw section.error('a module with several memories', 'feature');
  return readLimits(section, 'memory');
}

function readTable(section: ByteReader, tally: Tally): void {
  tally.count('tables');
  if (section.peek() === 0x40) throw section.error('a table with an initial value', 'feature');
  readReferenceType(section);
  const { minimum } = readLimits(section, 'table');
  if (minimum > STRUCTURE_BOUNDS.table_entries) throw section.error(`a table of ${minimum} entries`, 'size');
}

function readGlobalType(section: ByteReader): void {
  readValueType(section);
  const mutability = section.byte();
  if (mutability > 1) throw section.error('a global that is shared between threads', 'feature');
}

/** https://webassembly.github.io/spec/core/binary/modules.html#element-section: three bits say what is there. */
function readElements(section: ByteReader): void {
  const flags = section.u32();
  if (flags > ELEMENTS_ACTIVE_MAX) throw section.error('an element segment of an unknown kind');
  const [inactive, explicit, expressions] = [flags & 1, flags & 2, flags & 4];
  if (!inactive) {
    if (explicit) section.u32();
    readExpression(section);
  }
  if (inactive || explicit) {
    if (expressions) readReferenceType(section);
    else if (section.byte() !== 0) throw section.error('elements of an unknown kind');
  }
  section.each(() => (expressions ? readExpression(section) : section.u32()));
}

function readData(section: ByteReader): void {
  const kind = section.u32();
  if (kind > DATA_KIND_MAX) throw section.error('a data segment of an unknown kind');
  if (kind === 2 && section.u32() !== 0) throw section.error('data for another memory', 'feature');
  if (kind !== 1) readExpression(section);
  section.skip(section.u32());
}
