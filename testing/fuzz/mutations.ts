import type { Random } from '../simulator/random.ts';

/** A change to bytes that is the same whenever it is made. */
export type Mutation = (bytes: Buffer) => Buffer;

/** What lengths, counts and depths are overflown by. */
const INTERESTING: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0, 0, 0, 0x80],
  [...Buffer.from("');globalThis.pwned=1;('")],
  [...Buffer.from('__proto__')],
  [...Buffer.from('1e999')],
  [...Buffer.from('[[[[[[[[[[[[[[[[')],
];

/** Some changes, drawn from chance. @param others what parts may be taken from. */
export function drawMutations(random: Random, others: readonly Buffer[]): Mutation[] {
  // One change alone gets furthest: most others end at the first length they break.
  const count = random.chance(0.7) ? 1 : 1 + random.below(6);
  return Array.from({ length: count }, () => draw(random, others));
}

function draw(random: Random, others: readonly Buffer[]): Mutation {
  const [where, to, value] = [random.unit(), random.unit(), random.below(256)];
  const length = 1 + random.below(32);
  const piece = Buffer.from(random.pick(INTERESTING));
  const other = random.pick(others);
  const at = (bytes: Buffer, share: number) => Math.floor(share * (bytes.length + 1));
  const splice = (bytes: Buffer, start: number, drop: number, insert: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + drop)]);
  switch (random.chance(0.5) ? random.below(2) : random.below(8)) {
    case 0: // a bit
      return (bytes) =>
        splice(bytes, at(bytes, where), 1, Uint8Array.of((bytes[at(bytes, where)] ?? 0) ^ (1 << (value & 7))));
    case 1: // a byte
      return (bytes) => splice(bytes, at(bytes, where), 1, Uint8Array.of(value));
    case 2: // less
      return (bytes) => splice(bytes, at(bytes, where), length, new Uint8Array());
    case 3: // a part again
      return (bytes) => splice(bytes, at(bytes, to), 0, bytes.subarray(at(bytes, where), at(bytes, where) + length));
    case 4: // a part of another
      return (bytes) =>
        splice(bytes, at(bytes, to), 0, other.subarray(at(other, where), at(other, where) + 4 * length));
    case 5: // something that overflows, more
      return (bytes) => splice(bytes, at(bytes, where), 0, piece);
    case 6: // something that overflows, instead
      return (bytes) => splice(bytes, at(bytes, where), piece.length, piece);
    default: // an early end
      return (bytes) => bytes.subarray(0, at(bytes, 1 - where * where * where));
  }
}

export function mutate(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce((changed, mutation) => mutation(changed), bytes);
}

/** The fewest of the mutations, one left out at a time, that still fail. */
export async function fewest(
  mutations: readonly Mutation[],
  fails: (mutations: readonly Mutation[]) => Promise<boolean>,
): Promise<readonly Mutation[]> {
  for (let i = 0; i < mutations.length; i++) {
    const fewer = mutations.toSpliced(i, 1);
    if (await fails(fewer)) return fewest(fewer, fails);
  }
  return mutations;
}
