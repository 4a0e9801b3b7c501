import type { Readable, Writable } from 'node:stream';
import { type InspectColor, styleText } from 'node:util';

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command may touch of the process. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /**
   * Aborts when the process is asked to stop (SIGINT, SIGTERM, SIGHUP). Whoever reads it has taken on to end soon
   * after; the signals end a process that never did.
   */
  readonly interrupted: AbortSignal;
}

/** Styles a text for a stream. */
export type Paint = (format: InspectColor | readonly InspectColor[], text: string) => string;

/** Colours for a terminal, nothing for a file; `NO_COLOR` and `FORCE_COLOR` decide otherwise. */
export function painter(stream: Terminal): Paint {
  return (format, text) => styleText(format as InspectColor, text, { stream, validateStream: true });
}

/** Leaves text as it is. */
export const plain: Paint = (_format, text) => text;

/**
 * Text from elsewhere, made safe for a terminal: control characters, which could move the cursor or change its title,
 * are shown as they are written in JSON. Line breaks too: one value, one line.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code === 10 ? '\\n' : code === 9 ? '\\t' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
