/**
 * The most that a WIT `u32` carries out of a guest, as a wait 24.8 days: QuickJS's bindings saturate at the largest `s32`.
 */
export const U32_MAX = 0x7fff_ffff;

/**
 * The number as it crosses the boundary in every engine: whole, rounded up, within 0 and `U32_MAX`.
 * @param what names the number in messages, as `afterMs`
 * @throws TypeError for what is no number
 */
export function u32(value: number, what: string): number {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new TypeError(`${what} is ${String(value)}, not a number`);
  return Math.min(Math.max(Math.ceil(value), 0), U32_MAX);
}
