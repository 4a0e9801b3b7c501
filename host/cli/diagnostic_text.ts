import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { Json } from '../../kernel/json.ts';
import { type Paint, printable } from './io.ts';

/**
 * Diagnostics for people: `file:line:column: error code: message`, then what was expected, what was there and what to
 * do, indented. Without a position the JSON pointer says where. Sorted by position.
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], paint: Paint): string {
  return [...diagnostics]
    .sort(byPosition)
    .map((diagnostic) => renderDiagnostic(diagnostic, paint))
    .join('');
}

function renderDiagnostic(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, message, suggestion } = diagnostic;
  const tag = paint(severity === 'error' ? 'red' : 'yellow', `${severity} ${code}`);
  const details = [
    ...detail('expected', diagnostic.expected),
    ...detail('got', diagnostic.got),
    ...(suggestion === undefined ? [] : [`    ${printable(suggestion)}`]),
  ];
  return `${[`${paint('bold', place(diagnostic))}: ${tag}: ${printable(message)}`, ...details].join('\n')}\n`;
}

function place({ file, line, column, pointer, stage }: Diagnostic): string {
  const position = line === undefined ? [] : [line, ...(column === undefined ? [] : [column])];
  const document = file ?? (stage === 'context' ? 'the context' : undefined);
  const where = [...(document === undefined ? [] : [document]), ...position].join(':');
  const inside = line === undefined && pointer !== '' ? pointer : '';
  return printable([where, inside].filter((part) => part !== '').join(' ') || 'the document');
}

const DETAIL_LENGTH_MAX = 200;

function detail(name: string, value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  const items = Array.isArray(value) ? value.map(oneLine).join(', ') : oneLine(value);
  const shown = items.length > DETAIL_LENGTH_MAX ? `${items.slice(0, DETAIL_LENGTH_MAX)}…` : items;
  return [`    ${`${name}:`.padEnd(9)} ${printable(shown)}`];
}

function oneLine(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function byPosition(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0) || 0;
}
