import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { createRedactor, redactable } from './redaction.ts';

const test = suite('redaction');

const value = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }).filter((text) => text.isWellFormed());
const around = fc.string({ unit: 'grapheme-ascii', maxLength: 10 });
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  literal: (text) => text,
  json: JSON.stringify,
  'json in json': (text) => JSON.stringify(JSON.stringify({ text })),
  'json in a component': (text) => encodeURIComponent(JSON.stringify(text)),
  'hex of json': (text) => Buffer.from(JSON.stringify(text)).toString('hex'),
  'component in component': (text) => encodeURIComponent(encodeURIComponent(text)),
  hex: (text) => Buffer.from(text).toString('hex'),
  'capital hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  component: encodeURIComponent,
  'small component': (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase()),
  form: (text) => new URLSearchParams({ x: text }).toString(),
};

for (const [name, encode] of Object.entries(ENCODINGS)) {
  test(`a secret is taken out wherever it stands: ${name}`, () => {
    fc.assert(
      fc.property(value, around, around, (secret, before, after) => {
        const redacted = createRedactor([redactable('KEY', secret)]).text(`${before}${encode(secret)}${after}`);
        assert.ok(redacted.includes('[redacted:KEY]'));
      }),
    );
  });
}

for (const encoding of ['base64', 'base64url'] as const) {
  test(`a secret is taken out of ${encoding} at any alignment`, () => {
    fc.assert(
      fc.property(value, around, around, (secret, before, after) => {
        const coded = Buffer.from(`${before}${secret}${after}`).toString(encoding);
        assert.ok(
          createRedactor([redactable('KEY', secret)])
            .text(coded)
            .includes('[redacted:KEY]'),
          coded,
        );
      }),
    );
  });
}

test('text without a secret comes back as it is', () => {
  const { text, bytes } = createRedactor([redactable('KEY', 'correct horse')]);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (input) => assert.is(text(input), input)));
  const binary = Buffer.from([0xff, 0, 0x80]);
  assert.is(bytes(binary), binary);
});

test('a secret inside binary data goes, the bytes around it stay', () => {
  const { bytes } = createRedactor([redactable('KEY', 'sécret-value')]);
  const around = Buffer.from([0xff, 0xfe, 0x00]);
  const redacted = bytes(Buffer.concat([around, Buffer.from('sécret-value'), around]));
  assert.equal(redacted, Buffer.concat([around, Buffer.from('[redacted:KEY]'), around]));
});

test('the longer of two overlapping secrets is redacted whole', () => {
  const { text } = createRedactor([redactable('SHORT', 'password'), redactable('LONG', 'password-1234')]);
  assert.is(text('password-1234 password'), '[redacted:LONG] [redacted:SHORT]');
});

test('a value of line breaks alone does not turn every text into its name', () => {
  const { text } = createRedactor([redactable('KEY', '\n'.repeat(8))]);
  assert.is(text('an\nordinary text'), 'an\nordinary text');
});
