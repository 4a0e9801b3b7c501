import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { Origins, type PackedStep, packStep, type StepOrigin, unpackStep } from '../../kernel/task/packed_step.ts';
import type { TaskSnapshot } from '../../kernel/task/snapshot.ts';
import type { StepState } from '../../kernel/task/state.ts';

/** How many steps are written as text before others may have the event loop. */
const STEPS_A_LINE = 500;
const NEWLINE = 0x0a;
/** Fast, and the frame's own checksum tells damage. */
const COMPRESSION = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Some steps, and those of their origins that no line before it had. */
interface Line {
  readonly origins: readonly StepOrigin[];
  readonly steps: readonly PackedStep[];
}

/** A snapshot as bytes: lines of JSON, the first without steps, compressed. Gives the event loop away between lines. */
export async function snapshotBytes({ steps, ...rest }: TaskSnapshot): Promise<Buffer> {
  const lines = [Buffer.from(JSON.stringify(rest))];
  const origins = new Origins();
  for (let from = 0; from < steps.length; from += STEPS_A_LINE) {
    const packed = steps.slice(from, from + STEPS_A_LINE).map((step) => packStep(step, origins));
    const line: Line = { origins: origins.take(), steps: packed };
    lines.push(Buffer.from(`\n${JSON.stringify(line)}`));
    await nextTurn();
  }
  return compress(Buffer.concat(lines), COMPRESSION);
}

/** A snapshot, and how many bytes its JSON has. */
export interface ReadSnapshot {
  readonly snapshot: TaskSnapshot;
  readonly bytes: number;
}

/** The snapshot that became these bytes. @throws Error when they are damaged */
export async function readSnapshotBytes(compressed: Uint8Array): Promise<ReadSnapshot> {
  const json = await decompress(compressed);
  const [first, ...lines] = linesOf(json);
  const origins: StepOrigin[] = [];
  const steps: StepState[] = [];
  for (const text of lines) {
    const line = JSON.parse(text) as Line;
    origins.push(...line.origins);
    for (const step of line.steps) steps.push(unpackStep(step, origins));
  }
  const snapshot = { ...(JSON.parse(first!) as Omit<TaskSnapshot, 'steps'>), steps };
  return { snapshot, bytes: json.length };
}

/** Line by line: one text of all might be longer than a string can be. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let from = 0; from <= bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end === -1 ? bytes.length : end;
    yield bytes.toString('utf8', from, to);
    from = to + 1;
  }
}
