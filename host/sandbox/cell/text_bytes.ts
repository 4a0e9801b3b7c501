/** UTF-8 bytes of the strings in a value. Iterative: the value has the guest's shape. */
export function textBytes(value: unknown): number {
  let bytes = 0;
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string') bytes += Buffer.byteLength(next);
    else if (typeof next === 'object' && next !== null) for (const part of Object.values(next)) pending.push(part);
  }
  return bytes;
}
