import { assert, suite } from '../../testing/suite.ts';
import { durationText, elapsedText, timeText } from './format.ts';
import { printable } from './io.ts';
import { renderTable } from './table.ts';

const test = suite('text for people');

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;

test('durations have the two units that matter', () => {
  const texts = [0, 999, 1_200, 59_940, 125 * S, 3 * H + 2 * MIN, 24 * H, 52 * H].map(durationText);
  assert.equal(texts, ['0 ms', '999 ms', '1.2 s', '59.9 s', '2 min 5 s', '3 h 2 min', '1 d', '2 d 4 h']);
});

test('elapsed time grows to the left', () => {
  const texts = [4, 59_999, MIN + 2_345, 10 * MIN, H + 3 * S].map(elapsedText);
  assert.equal(texts, ['0.004', '59.999', '1:02.345', '10:00.000', '1:00:03.000']);
});

test('moments are in UTC', () => {
  assert.is(timeText(Date.UTC(2026, 0, 31, 23, 59, 59, 999)), '2026-01-31 23:59:59Z');
});

test('columns are as wide as what is seen in them', () => {
  const columns = [
    { title: 'NAME', of: (row: { a: string }) => `\u001b[31m${row.a}\u001b[39m` },
    { title: 'B', of: () => 'b' },
  ];
  const table = renderTable(columns, [{ a: 'x' }, { a: 'longer' }]);
  assert.is(table, 'NAME    B\n\u001b[31mx\u001b[39m       b\n\u001b[31mlonger\u001b[39m  b\n');
  assert.is(renderTable(columns, []), 'NAME  B\n');
});

test('control characters, line breaks and direction overrides are written out', () => {
  assert.is(printable('a\tb\nc\u001b[2J\u009b\u202ed → ü'), 'a\\tb\\nc\\u001b[2J\\u009b\\u202ed → ü');
});
