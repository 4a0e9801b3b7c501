import { readFile } from 'node:fs/promises';
import { assert, suite } from '../testing/suite.ts';
import {
  DIAGNOSTICS,
  DIAGNOSTICS_MAX,
  type Diagnostic,
  diagnose,
  hasErrors,
  STAGES,
  shortened,
} from './diagnostics.ts';

const test = suite('diagnostics');

test('docs/diagnostics.md explains every code under its stage, and no other', async () => {
  const text = await readFile(new URL('../docs/diagnostics.md', import.meta.url), 'utf8');
  const documented: Record<string, string> = {};
  for (const section of text.split(/^## /m).slice(1)) {
    const [stage] = section.split('\n', 1);
    assert.ok((STAGES as readonly string[]).includes(stage!), stage);
    for (const [, code, explanation] of section.matchAll(/^### (\w+)\n(.+)/gm)) {
      assert.not.ok(code! in documented, `${code} is explained twice`);
      documented[code!] = `${stage} ${explanation!.startsWith('Warning. ') ? 'warning' : 'error'}`;
    }
  }
  const table = Object.entries(DIAGNOSTICS).map(([code, { stage, severity }]) => [code, `${stage} ${severity}`]);
  assert.equal(documented, Object.fromEntries(table));
});

test('carry stage and severity of the table, and only what is known', () => {
  assert.equal(diagnose('deferred_without_decision', { pointer: '/steps/0', message: 'm', got: null }), {
    code: 'deferred_without_decision',
    stage: 'graph',
    severity: 'warning',
    pointer: '/steps/0',
    message: 'm',
    got: null,
  });
});

test('warnings are no errors', () => {
  const problem = { pointer: '', message: '' };
  assert.not(hasErrors([diagnose('not_enforced_yet', problem)]));
  assert.ok(hasErrors([diagnose('not_enforced_yet', problem), diagnose('key_unknown', problem)]));
});

test('a long list keeps its errors and counts what it leaves out', () => {
  const of = (code: 'not_enforced_yet' | 'key_unknown', count: number): Diagnostic[] =>
    Array.from({ length: count }, (_, index) => diagnose(code, { pointer: `/${index}`, message: '' }));
  const exactly = of('key_unknown', DIAGNOSTICS_MAX);
  assert.is(shortened(exactly), exactly);
  const short = shortened([...of('not_enforced_yet', DIAGNOSTICS_MAX), ...of('key_unknown', 5)]);
  assert.is(short.length, DIAGNOSTICS_MAX + 1);
  assert.equal(
    short.slice(0, 5).map(({ code }) => code),
    Array(5).fill('key_unknown'),
  );
  assert.is(short.at(-1)!.got, 5);
});
