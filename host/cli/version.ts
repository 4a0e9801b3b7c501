import { existsSync, readFileSync } from 'node:fs';

/** The version of this Weft, from its package.json: two folders up, one more in the packed build. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const near = new URL('../../package.json', import.meta.url);
  const file = existsSync(near) ? near : new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
