/** A JSON pointer (RFC 6901) to a field of what another one points to. */
export function pointerBelow(pointer: string, name: string): string {
  return `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
