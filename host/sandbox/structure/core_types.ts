import { STRUCTURE_BOUNDS } from './bounds.ts';
import type { ByteReader } from './byte_reader.ts';

const FUNCREF = 0x70;
const EXTERNREF = 0x6f;

/** Numbers, vectors, and references to functions or to what the host knows. */
const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, FUNCREF, EXTERNREF]);
/** Other reference types of the standard: of garbage collection, exceptions and continuations. */
const REFERENCE_TYPE_MIN = 0x63;
const REFERENCE_TYPE_MAX = 0x75;

const FUNCTION_TYPE = 0x60;

/** Of a linear memory. */
export const PAGE_BYTES = 65_536;

/** What a memory or table is made with, in pages or entries. */
export interface CoreLimits {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

export function readValueType(reader: ByteReader): void {
  const type = reader.byte();
  if (VALUE_TYPES.has(type)) return;
  if (type >= REFERENCE_TYPE_MIN && type <= REFERENCE_TYPE_MAX) {
    throw reader.error('a reference type of garbage collection or exceptions', 'feature');
  }
  throw reader.error('an unknown value type');
}

export function readReferenceType(reader: ByteReader): void {
  const type = reader.peek();
  if (VALUE_TYPES.has(type) && type !== FUNCREF && type !== EXTERNREF)
    throw reader.error('a reference type is expected');
  readValueType(reader);
}

/** A function's type, the only kind there is without garbage collection. */
export function readFunctionType(reader: ByteReader): void {
  const form = reader.byte();
  if (form !== FUNCTION_TYPE) {
    const later = form >= 0x4d && form <= 0x5f;
    throw reader.error(later ? 'a type of garbage collection' : 'an unknown type', later ? 'feature' : 'malformed');
  }
  for (let i = 0; i < 2; i++) {
    const count = reader.u32();
    if (count > STRUCTURE_BOUNDS.values) throw reader.error(`a function type of ${count} values`, 'size');
    for (let left = count; left > 0; left--) readValueType(reader);
  }
}

/** Of a memory or table that belongs to one thread and has 32-bit addresses and pages of 64 KiB. */
export function readLimits(reader: ByteReader, what: string): CoreLimits {
  const flags = reader.byte();
  if (flags > 1) {
    const feature =
      flags & 2 ? 'is shared between threads' : flags & 4 ? 'has 64-bit addresses' : 'has pages of another size';
    throw reader.error(`a ${what} that ${feature}`, 'feature');
  }
  const minimum = reader.u32();
  return { minimum, maximum: flags === 1 ? reader.u32() : undefined };
}
