import { stripVTControlCharacters } from 'node:util';

/** A column of a table of rows. */
export interface Column<Row> {
  readonly title: string;
  /** What a row shows there; already painted and printable. */
  readonly of: (row: Row) => string;
}

/** Rows under titles, columns as wide as their widest cell, two spaces between. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index]!))));
  const renderLine = (line: readonly string[]): string =>
    line
      .map((cell, index) => cell + ' '.repeat(widths[index]! - widthOf(cell)))
      .join('  ')
      .trimEnd();
  return `${lines.map(renderLine).join('\n')}\n`;
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
