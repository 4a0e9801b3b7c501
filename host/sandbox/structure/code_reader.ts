/**
 * Reads the instructions of core functions, so that only those run that supported toolchains emit: WebAssembly 2.0 with
 * vectors. Threads, exceptions, tail calls, garbage collection, several memories and relaxed vectors are refused.
 * https://webassembly.github.io/spec/core/binary/instructions.html
 */
import { STRUCTURE_BOUNDS } from './bounds.ts';
import type { ByteReader } from './byte_reader.ts';
import { readReferenceType, readValueType } from './core_types.ts';

/** Reads what follows an opcode. */
type Operand = (reader: ByteReader) => void;

const none: Operand = () => undefined;
const index: Operand = (reader) => void reader.u32();
const twoIndexes: Operand = (reader) => {
  reader.u32();
  reader.u32();
};
const bytes =
  (count: number): Operand =>
  (reader) =>
    reader.skip(count);

const END = 0x0b;
const NOTHING_BLOCK = 0x40;
/** In an alignment: a memory's index follows. */
const OTHER_MEMORY = 0x40;

const block: Operand = (reader) => {
  const type = reader.peek();
  if (type === NOTHING_BLOCK) reader.skip(1);
  // A negative LEB128 of one byte is a value type, anything else a type's index.
  else if ((type & 0xc0) === 0x40) readValueType(reader);
  else reader.skipLeb();
};

const memoryAccess: Operand = (reader) => {
  if (reader.u32() >= OTHER_MEMORY) throw reader.error('an access to another memory', 'feature');
  reader.u32();
};

/** Where a memory's index stands, which is 0. */
const onlyMemory: Operand = (reader) => {
  if (reader.byte() !== 0) throw reader.error('an access to another memory', 'feature');
};

const refused =
  (feature: string): Operand =>
  (reader) => {
    throw reader.error(`an instruction of ${feature}`, 'feature');
  };

const OPERANDS: readonly (Operand | undefined)[] = Array.from({ length: 256 }, (_, opcode): Operand | undefined => {
  if (opcode <= 0x01 || opcode === 0x05 || opcode === 0x0f || opcode === 0x1a || opcode === 0x1b) return none;
  if (opcode <= 0x04) return block;
  if ((opcode >= 0x06 && opcode <= 0x0a) || opcode === 0x18 || opcode === 0x19 || opcode === 0x1f) {
    return refused('exceptions');
  }
  if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10) return index;
  if (opcode === 0x0e) {
    return (reader) => {
      reader.each(() => reader.u32());
      reader.u32();
    };
  }
  if (opcode === 0x11) return twoIndexes;
  if (opcode === 0x12 || opcode === 0x13) return refused('tail calls');
  if (opcode === 0x14 || opcode === 0x15) return refused('typed function references');
  if (opcode === 0x1c) return (reader) => reader.each(() => readValueType(reader));
  if (opcode >= 0x20 && opcode <= 0x26) return index;
  if (opcode >= 0x28 && opcode <= 0x3e) return memoryAccess;
  if (opcode === 0x3f || opcode === 0x40) return onlyMemory;
  if (opcode === 0x41 || opcode === 0x42) return (reader) => reader.skipLeb();
  if (opcode === 0x43) return bytes(4);
  if (opcode === 0x44) return bytes(8);
  if (opcode >= 0x45 && opcode <= 0xc4) return none;
  if (opcode === 0xd0) return nullReference;
  if (opcode === 0xd1) return none;
  if (opcode === 0xd2) return index;
  if (opcode >= 0xd3 && opcode <= 0xd6) return refused('typed function references');
  if (opcode >= 0xe0 && opcode <= 0xe6) return refused('stack switching');
  if (opcode === 0xfb) return refused('garbage collection');
  if (opcode === 0xfc) return bulk;
  if (opcode === 0xfd) return vector;
  if (opcode === 0xfe) return refused('threads');
  return undefined;
});

function nullReference(reader: ByteReader): void {
  // A positive LEB128 is a type's index.
  if ((reader.peek() & 0x40) === 0) throw reader.error('a typed reference', 'feature');
  readReferenceType(reader);
}

function bulk(reader: ByteReader): void {
  const opcode = reader.u32();
  if (opcode <= 7) return;
  switch (opcode) {
    case 8: // memory.init
      reader.u32();
      return onlyMemory(reader);
    case 10: // memory.copy
      onlyMemory(reader);
      return onlyMemory(reader);
    case 11: // memory.fill
      return onlyMemory(reader);
    case 12: // table.init
    case 14: // table.copy
      return twoIndexes(reader);
    case 9: // data.drop
    case 13: // elem.drop
    case 15: // table.grow
    case 16: // table.size
    case 17: // table.fill
      return void reader.u32();
    default:
      throw reader.error(`an unknown instruction fc ${opcode}`, 'feature');
  }
}

function vector(reader: ByteReader): void {
  const opcode = reader.u32();
  if (opcode > 0xff) throw reader.error('an instruction of relaxed vectors', 'feature');
  if (opcode <= 11 || opcode === 92 || opcode === 93) memoryAccess(reader);
  else if (opcode === 12 || opcode === 13) reader.skip(16);
  else if (opcode >= 21 && opcode <= 34) reader.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    memoryAccess(reader);
    reader.skip(1);
  }
}

/** Reads instructions up to the `end` that closes them. */
export function readExpression(reader: ByteReader): void {
  let depth = 1;
  while (depth > 0) {
    const opcode = reader.byte();
    if (opcode === END) {
      depth--;
      continue;
    }
    if (opcode >= 0x02 && opcode <= 0x04 && ++depth > STRUCTURE_BOUNDS.block_depth) {
      throw reader.error('blocks are nested too deep', 'size');
    }
    const operand = OPERANDS[opcode];
    if (operand === undefined) throw reader.error(`an unknown instruction ${opcode.toString(16)}`);
    operand(reader);
  }
}

/** Reads one function: its locals and its instructions. */
export function readFunctionBody(reader: ByteReader): void {
  const length = reader.u32();
  if (length > STRUCTURE_BOUNDS.body_bytes) throw reader.error(`a function of ${length} bytes`, 'size');
  const body = reader.slice(length);
  let locals = 0;
  body.each(() => {
    locals += body.u32();
    if (locals > STRUCTURE_BOUNDS.locals) throw body.error(`a function of ${locals} locals`, 'size');
    readValueType(body);
  });
  readExpression(body);
  body.end('a function');
}
