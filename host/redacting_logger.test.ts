import { pino } from 'pino';
import { assert, suite } from '../testing/suite.ts';
import { createRedactor, redactable } from './imports/redaction.ts';
import { redactingLogger } from './redacting_logger.ts';

const test = suite('redacting logger');

test('no line holds a secret, from whatever part of it: text, fields, errors, children', () => {
  const lines: string[] = [];
  const plain = pino({ level: 'debug' }, { write: (line) => void lines.push(line) });
  const logger = redactingLogger(plain, createRedactor([redactable('KEY', 'canary"value')]));
  logger.info('got canary"value');
  logger.debug({ deep: [{ token: 'canary"value' }] }, 'm');
  logger.error({ err: new Error('refused canary"value', { cause: new Error('canary"value') }) });
  logger.child({ bound: btoa('canary"value') }).warn('m');
  assert.is(lines.length, 4);
  for (const line of lines) {
    assert.match(line, '[redacted:KEY]');
    assert.not.match(line, /canary/);
    assert.is(typeof JSON.parse(line).level, 'number');
  }
  plain.info('beside it');
  assert.match(lines[4]!, 'beside it');
});
