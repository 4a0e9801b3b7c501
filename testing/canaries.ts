/** A secret of a shape that secrets have, and the part of it by which a leak is recognized. */
export interface Canary {
  readonly name: string;
  readonly value: string;
  /** Letters and digits that stand nowhere else. */
  readonly core: string;
}

/** Shapes of secrets around their core. */
const SHAPES: readonly ((core: string, index: number) => string)[] = [
  (core) => core,
  (core) => `sk-live-${core}`,
  (core) => `sk-live-${core}-${core}`,
  (core) => `${core}=`,
  (core) => `${core}/+==`,
  (core) => `p4ss "${core}" word`,
  (core) => `back\\slash\\${core}\\`,
  (core) => `a b+c&d=${core}?e#f`,
  (core) => `<b>${core}</b>&'"`,
  (core) => `%41%${core}%zz`,
  (core) => `postgres://user:${core}@db.example/x?ssl=1`,
  (core) => `eyJhbGciOiJIUzI1NiJ9.${core}.${core}`,
  (core) => `{"token": "${core}"}`,
  (core) => `ünï${core}cödé`,
  (core) => `${core}!*'()~`,
  (core) => `-----BEGIN KEY-----\n${core}${core}\nAAAA${core}\n-----END KEY-----`,
  (core) => `日本${core}語😀`,
  (core) => core.repeat(300),
];

/** As many secrets, each of its own, of all shapes. */
export function canaries(count: number): Canary[] {
  return Array.from({ length: count }, (_, index) => {
    // No letter twice in a row, nothing that looks like hex: it is found as it stands or not at all.
    const core = `zQ${String.fromCharCode(103 + (index % 20))}K${(index * 7919 + 100_003).toString(36)}Wv`;
    return { name: `CANARY_${index}`, value: SHAPES[index % SHAPES.length]!(core, index), core };
  });
}

/** The names of those whose core stands in a text: as it is, in base64 at any alignment, hex, percent-encoded, escaped. */
export function findCanaries(text: string, among: readonly Canary[]): string[] {
  const views = [...readings(text)].map((view) => view.toLowerCase());
  return among.filter(({ core }) => views.some((view) => view.includes(core.toLowerCase()))).map(({ name }) => name);
}

function* readings(text: string): Generator<string> {
  yield text;
  yield text.replace(/(?:%25)*%?([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  yield text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  yield text.replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{10,}/g)) {
    for (const offset of [0, 1, 2, 3]) yield Buffer.from(run.slice(offset), 'base64').toString('latin1');
  }
  for (const [run] of text.matchAll(/[0-9a-f]{16,}/gi)) {
    for (const offset of [0, 1]) yield Buffer.from(run.slice(offset), 'hex').toString('latin1');
  }
}
