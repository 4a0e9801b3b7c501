import { assert, suite } from '../../testing/suite.ts';
import type { OrderReport } from './cell_link.ts';
import { judgeRun } from './run_end.ts';

const test = suite('the end of a run');

const LIMITS = { memory_bytes_max: 1000, output_bytes_max: 100_000, output_depth_max: 3 };

function codeOf(value: unknown): string | undefined {
  const report = { end: { kind: 'returned', value }, measure: { memory_bytes: 1 } } as OrderReport;
  const verdict = judgeRun(report, LIMITS);
  return verdict.kind === 'failure' ? verdict.failure.code : undefined;
}

test('holds every JSON text of an outcome to its depth', () => {
  assert.is(codeOf({ tag: 'complete', val: '[[[1]]]' }), undefined);
  assert.is(codeOf({ tag: 'complete', val: '[[[[]]]]' }), 'output_malformed');
  assert.is(codeOf({ tag: 'branch', val: { steps: [], result: '[[{"a":{}}]]' } }), 'output_malformed');
  assert.is(
    codeOf({ tag: 'batches', val: { items: ['[[[[]]]]'], maxConcurrency: 0, result: '0' } }),
    'output_malformed',
  );
});

test('tells a fan-out that is too large from one that is malformed', () => {
  const batches = (items: readonly string[]) => ({ tag: 'batches', val: { items, maxConcurrency: 0, result: '0' } });
  assert.is(codeOf(batches(['1'])), undefined);
  assert.is(codeOf(batches(['x'])), 'output_malformed');
  assert.is(codeOf(batches(Array.from({ length: 10_001 }, () => '1'))), 'output_too_large');
  assert.is(codeOf(batches([`"${'x'.repeat(100_000)}"`])), 'output_too_large');
});
