/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const K = fractions(64, Math.cbrt);
/** The same of the square roots of the first 8 (FIPS 180-4, 5.3.3). */
const H = fractions(8, Math.sqrt);

function fractions(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 2 ** 32);
}

/** SHA-256 (FIPS 180-4) of a string of ASCII characters, as 64 hex digits. */
export function sha256(ascii: string): string {
  const blocks = Math.ceil((ascii.length + 9) / 64);
  const bytes = new DataView(new ArrayBuffer(blocks * 64));
  for (let at = 0; at < ascii.length; at += 1) bytes.setUint8(at, ascii.charCodeAt(at));
  bytes.setUint8(ascii.length, 0x80);
  bytes.setUint32(bytes.byteLength - 4, ascii.length * 8);

  const state = H.slice();
  for (let block = 0; block < blocks; block += 1) compress(state, bytes, block * 64);
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
}

function compress(state: Uint32Array, bytes: DataView, offset: number): void {
  const w = new Uint32Array(64);
  for (let t = 0; t < 16; t += 1) w[t] = bytes.getUint32(offset + t * 4);
  for (let t = 16; t < 64; t += 1) {
    const [x, y] = [w[t - 15]!, w[t - 2]!];
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t += 1) {
    const t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[t]! + w[t]!;
    const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index]! += word;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
