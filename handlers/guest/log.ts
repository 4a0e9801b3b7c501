import { type Level, log as write } from 'weft:log/logger@1.0.0';
import type { JsonObject } from './json.ts';

const at =
  (level: Level) =>
  (message: string, fields?: JsonObject): void =>
    write(level, message, fields === undefined ? '' : JSON.stringify(fields));

/** Log lines of the step; the host adds who and when, caps size and rate, redacts secrets. */
export const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
