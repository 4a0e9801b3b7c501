import type { Json } from '../../kernel/json.ts';
import { type Cell, startCell } from './cell.ts';
import { parseJsonText } from './json_text.ts';
import { failureOf } from './run_end.ts';
import { ComponentRefusal } from './structure/refusal.ts';

/** What `describe` may take, its instance and compilation included. */
export const DESCRIBE_MS_MAX = 10_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;
const HEAP_MB_MAX = 128;

/**
 * Asks a transpiled component for its capability, in a cell of its own.
 *
 * @param directory where `transpile` left it.
 * @param memory_bytes_max of linear memory.
 * @returns what `describe` gave, parsed.
 * @throws ComponentRefusal that says why there is none
 */
export async function describeComponent(
  directory: string,
  memory_bytes_max: number,
  timeout_ms = DESCRIBE_MS_MAX,
): Promise<Json> {
  const cell = startCell({ readable: [directory], memory_bytes_max, heap_mb_max: HEAP_MB_MAX });
  try {
    return parseJsonText(await describeIn(cell, directory, memory_bytes_max, timeout_ms), 'its capability');
  } catch (error) {
    throw new ComponentRefusal('describe', (error as Error).message);
  } finally {
    cell.kill();
    await cell.exited;
  }
}

/**
 * The text that `describe` gives in a cell that is there. Afterwards the cell has the component compiled.
 * @throws Error that says why there is none; the cell is of no more use then
 */
export async function describeIn(
  cell: Cell,
  directory: string,
  memory_bytes_max: number,
  timeout_ms = DESCRIBE_MS_MAX,
): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`its describe is not done in ${timeout_ms / 1000} s`)),
    timeout_ms,
  );
  const order = {
    directory,
    memory_bytes_max,
    call: { name: 'describe' },
    output_bytes_max: OUTPUT_BYTES_MAX,
    frame_bytes_max: 3 * OUTPUT_BYTES_MAX,
  } as const;
  const refuse = (name: string) => Promise.reject(new Error(`describe called ${name}, and must call nothing`));
  try {
    const { end, measure } = await Promise.race([cell.perform(order, refuse), late.promise]);
    if (end.kind === 'returned' && typeof end.value === 'string') return end.value;
    if (end.kind === 'returned' || end.kind === 'failed') throw new Error('its describe gives no text');
    throw new Error(`its describe failed: ${failureOf(end, measure.memory_bytes, memory_bytes_max).message}`);
  } finally {
    clearTimeout(timer);
  }
}
