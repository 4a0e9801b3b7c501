import type { Io, Paint } from './io.ts';
import { painter } from './io.ts';
import { type Column, renderTable } from './table.ts';

/** How data is written. */
export type Format = 'table' | 'json' | 'jsonl';

/** The option that chooses. */
export const OUTPUT_OPTION = {
  output: {
    value: 'FORMAT',
    short: 'o',
    choices: ['table', 'json', 'jsonl'],
    doc: 'How data is written; a table on a terminal, else JSON.',
  },
} as const;

/** Writes a command's data to stdout, in the format that was asked for. */
export class Output {
  readonly format: Format;
  readonly paint: Paint;
  readonly #io: Io;

  constructor(io: Io, asked: string | undefined, otherwise: Format = io.stdout.isTTY === true ? 'table' : 'json') {
    this.#io = io;
    this.format = (asked as Format | undefined) ?? otherwise;
    this.paint = painter(io.stdout);
  }

  /** One value: `human` renders it for people, with a line break at the end. */
  value(value: unknown, human: (paint: Paint) => string): void {
    if (this.format === 'table') this.text(human(this.paint));
    else this.json(value);
  }

  /** Rows: an array as JSON, a line each as JSON lines. */
  rows<Row>(rows: readonly Row[], columns: (paint: Paint) => readonly Column<Row>[]): void {
    if (this.format === 'table') this.text(renderTable(columns(this.paint), rows));
    else if (this.format === 'json') this.json(rows);
    else for (const row of rows) this.json(row);
  }

  /** One document: readable as JSON, one line as JSON lines. */
  json(value: unknown): void {
    this.text(`${JSON.stringify(value, null, this.format === 'jsonl' ? 0 : 2)}\n`);
  }

  text(text: string): void {
    this.#io.stdout.write(text);
  }
}

/** Says something to people, beside the data. */
export function note(io: Io, text: string): void {
  io.stderr.write(`${text}\n`);
}
