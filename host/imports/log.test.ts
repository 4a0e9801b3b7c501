import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { STEP } from '../../testing/host_calls.ts';
import { assert, suite } from '../../testing/suite.ts';
import { createGuestLog } from './log.ts';
import { createRedactor, redactable } from './redaction.ts';

const test = suite('guest log');

const { task_id, step_id, step_name, attempt } = STEP;
const ABOUT = { source: 'handler', task_id, step_id, step_name, attempt };

function logger(limits: { readonly log_lines_max?: number; readonly log_bytes_max?: number } = {}) {
  const lines: [string, object, string][] = [];
  const take = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const sink = { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') };
  const redactor = createRedactor([redactable('KEY', 'canary-value-1')]);
  return { log: createGuestLog(sink, STEP, { ...STEP_LIMIT_PRESETS, ...limits }, redactor), lines };
}

test('lines carry their level and who wrote them', () => {
  const { log, lines } = logger();
  log('debug', 'a', '');
  log('error', 'b', '{"n": 1, "list": [{"x": null}]}');
  assert.equal(lines, [
    ['debug', ABOUT, 'a'],
    ['error', { ...ABOUT, fields: { n: 1, list: [{ x: null }] } }, 'b'],
  ]);
});

test('secrets and control characters never reach the sink', () => {
  const { log, lines } = logger();
  const nasty = 'canary-value-1\n\u001b[31m\u202e\u009b\u2028';
  log('info', nasty, JSON.stringify({ [nasty]: [nasty], base64: btoa('x:canary-value-1') }));
  log('info', 'm', nasty);
  log('info', `${'x'.repeat(8_180)}canary-value-1`, '');
  const text = JSON.stringify(lines);
  assert.not.match(text, 'canary');
  assert.not.match(text, btoa('x:canary-value-1').slice(4, -4));
  assert.not.match(text.replaceAll('\\\\', ''), /[\u0000-\u001f\u007f-\u009f\u202e\u2028]|\\[nu]/);
  assert.is(lines[0]?.[2], '[redacted:KEY]\\u000a\\u001b[31m\\u202e\\u009b\\u2028');
});

test('fields that are not a JSON object are kept as text', () => {
  const { log, lines } = logger();
  const deep = `{"a":${'['.repeat(3_000)}${']'.repeat(3_000)}}`;
  for (const fields of ['[1]', 'null', '{oops', deep]) log('info', 'm', fields);
  assert.equal(
    lines.map(([, about]) => about),
    ['[1]', 'null', '{oops', deep].map((unparsed) => ({ ...ABOUT, fields: { unparsed } })),
  );
});

test('a field named __proto__ is a field', () => {
  const { log, lines } = logger();
  log('info', 'm', '{"__proto__": {"polluted": true}}');
  assert.is(JSON.stringify(lines[0]?.[1]).includes('"__proto__":{"polluted":true}'), true);
});

test('length and number are capped', () => {
  const { log, lines } = logger({ log_lines_max: 2 });
  log('info', 'x'.repeat(1_000_000), `{"a": "${'y'.repeat(1_000_000)}"}`);
  assert.ok(JSON.stringify(lines).length < 20_000);
  for (let line = 0; line < 1_000; line += 1) log('info', 'flood', '');
  assert.equal(
    lines.slice(1).map(([level, , message]) => [level, message]),
    [
      ['info', 'flood'],
      ['warn', 'the step wrote 2 log lines; further lines are dropped'],
    ],
  );
});

test('bytes are capped, and nothing gets past the cap by being short', () => {
  const { log, lines } = logger({ log_bytes_max: 10 });
  for (const message of ['éé', 'abcdef', 'x', 'y']) log('info', message, '');
  assert.equal(
    lines.map(([, , message]) => message),
    ['éé', 'abcdef', 'the step wrote 10 bytes of log; further lines are dropped'],
  );
});

test('arguments outside the WIT are refused', () => {
  const { log } = logger();
  for (const [level, message, fields] of [
    ['fatal', 'm', ''],
    ['info', 1, ''],
    ['info', 'm', {}],
    ['constructor', 'm', ''],
  ]) {
    assert.throws(() => log(level, message, fields), TypeError);
  }
});
