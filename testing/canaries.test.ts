import { canaries, findCanaries } from './canaries.ts';
import { assert, suite } from './suite.ts';

const test = suite('canaries');

const fifty = canaries(50);

test('they are fifty, each of its own', () => {
  assert.is(new Set(fifty.map(({ core }) => core)).size, 50);
  assert.ok(fifty.every(({ value, core }) => value.includes(core) && Buffer.byteLength(value) >= 8));
});

test('a leak of any of them is found in every encoding, and none in ordinary text', () => {
  const encodings: ((text: string) => string)[] = [
    (text) => text,
    (text) => text.toLowerCase(),
    JSON.stringify,
    encodeURIComponent,
    (text) => Buffer.from(text).toString('hex'),
    (text) => Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '%$&'),
    ...['', 'a', 'ab'].map((before) => (text: string) => Buffer.from(`${before}${text}`).toString('base64')),
    (text) => Buffer.from(`user:${text}`).toString('base64url'),
  ];
  for (const one of fifty) {
    for (const encode of encodings) {
      assert.ok(findCanaries(`before "${encode(one.value)}" after`, fifty).includes(one.name), encode(one.value));
    }
  }
  assert.equal(findCanaries(`${'lorem ipsum 0123456789abcdef '.repeat(100)}[redacted:CANARY_1]`, fifty), []);
});
