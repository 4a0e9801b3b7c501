/** Where a value sits in a JSON document: keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** One token of a JSON pointer, escaped (RFC 6901 §3). */
export function pointerToken(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The JSON pointer of a path; the root is the empty string. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${pointerToken(key)}`).join('');
}

/** The unescaped tokens of a JSON pointer. */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether `pointer` is `ancestor` or lies below it. */
export function isAtOrBelow(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}
