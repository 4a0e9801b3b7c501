import type { Json } from '../../kernel/json.ts';
import type { StepIdentity, StepLimits } from '../sandbox/port.ts';
import type { Redactor } from './redaction.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where log lines go: a pino logger, or what looks like one. */
export type LogSink = Readonly<Record<Level, (fields: object, message: string) => void>>;

const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);
/** Of message and of fields, each; in UTF-16 units. */
const LENGTH_MAX = 8_192;
const DEPTH_MAX = 32;
// C0, DEL, C1; line and paragraph separators; marks that reorder or hide text on a terminal.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Performs `weft:log/logger#log` for one run: `(level, message, fields)`. */
export type GuestLog = (level: unknown, message: unknown, fields: unknown) => void;

/**
 * A guest's log. Each line carries who wrote it; secrets are redacted, control characters escaped, length number and
 * bytes capped. Fields that are not a JSON object are kept as text under `unparsed`. The first line over a limit is
 * replaced by a warning, the others are dropped.
 *
 * @throws TypeError for arguments that are not of the WIT's types.
 */
export function createGuestLog(
  sink: LogSink,
  identity: StepIdentity,
  { log_lines_max, log_bytes_max }: Pick<StepLimits, 'log_lines_max' | 'log_bytes_max'>,
  redactor: Redactor,
): GuestLog {
  const { task_id, step_id, step_name, attempt } = identity;
  const about = { source: 'handler', task_id, step_id, step_name, attempt };
  // In this order: a cut must not leave half a secret, nor half an escape.
  const safe = (text: string): string => escapeUnsafe(clip(redactor.text(text)));
  let lines = 0;
  let bytes = 0;
  let full = false;
  return (level, message, fields) => {
    if (!LEVELS.has(level) || typeof message !== 'string' || typeof fields !== 'string') {
      throw new TypeError('weft:log/logger#log takes a level and two strings');
    }
    if (full) return;
    lines += 1;
    bytes += Buffer.byteLength(message) + Buffer.byteLength(fields);
    if (lines > log_lines_max || bytes > log_bytes_max) {
      full = true;
      const limit = lines > log_lines_max ? `${log_lines_max} log lines` : `${log_bytes_max} bytes of log`;
      return sink.warn(about, `the step wrote ${limit}; further lines are dropped`);
    }
    const parsed = fields === '' ? undefined : parseFields(fields, safe);
    sink[level as Level](parsed === undefined ? about : { ...about, fields: parsed }, safe(message));
  };
}

function parseFields(text: string, safe: (text: string) => string): Json {
  try {
    const value: Json = text.length > LENGTH_MAX ? null : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return mapStrings(value, safe, DEPTH_MAX);
  } catch {
    // Not JSON, or deeper than DEPTH_MAX.
  }
  return { unparsed: safe(text) };
}

function mapStrings(value: Json, safe: (text: string) => string, depth: number): Json {
  if (typeof value === 'string') return safe(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) throw new RangeError('the fields are nested too deeply');
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, safe, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [safe(key), mapStrings(item, safe, depth - 1)]));
}

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function clip(text: string): string {
  return text.length <= LENGTH_MAX
    ? text
    : `${text.slice(0, LENGTH_MAX)}… (${text.length - LENGTH_MAX} more characters)`;
}
