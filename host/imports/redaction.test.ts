import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { createRedactor, redactable } from './redaction.ts';

const test = suite('redaction');

const value = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }).filter((text) => text.isWellFormed());
const around = fc.string({ unit: 'grapheme-ascii', maxLength: 10 });
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const escaped = (text: string, unsafe: RegExp) =>
  text.replace(unsafe, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
  'JSON four deep': (text) => JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify({ text })))),
  'component four deep': (text) => [1, 2, 3, 4].reduce((coded) => encodeURIComponent(coded), text),
  'JSON in a form in JSON': (text) => JSON.stringify(new URLSearchParams({ x: JSON.stringify(text) }).toString()),
  form: (text) => new URLSearchParams({ x: text }).toString(),
  'strict component': (text) => encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${hexOf(one).toUpperCase()}`),
  'every byte': (text) => hexOf(text).replace(/../g, '%$&'),
  'JSON of ASCII': (text) => escaped(JSON.stringify(text), /[\x7f-\uffff]/g),
  'JSON for HTML': (text) => escaped(JSON.stringify(text), /[<>&]/g),
  'JSON with slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  HTML: (text) =>
    text.replace(/[&<>"']/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '&#39;'),
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

test('of secrets that overlap no byte stays', () => {
  const { text } = createRedactor([redactable('A', 'abcdefgh1234'), redactable('B', '12345678wxyz--')]);
  assert.is(text('<abcdefgh12345678wxyz-->'), '<[redacted:B]>');
  assert.is(text('abcdefgh1234abcdefgh1234'), '[redacted:A][redacted:A]');
});

test('a header that became small letters, and one in latin1, are recognized', () => {
  const { text, bytes } = createRedactor([redactable('KEY', 'Sécret-Value')]);
  assert.is(text('x-sécret-value: 1'), 'x-[redacted:KEY]: 1');
  assert.is(bytes(Buffer.from('<Sécret-Value>', 'latin1')).toString(), '<[redacted:KEY]>');
  assert.is(text(Buffer.from('Sécret-Value', 'latin1').toString('hex')), '[redacted:KEY]');
});

test('a line of a key in PEM is as secret as the whole', () => {
  const key = '-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIOu6\nshort\n-----END KEY-----';
  const { text } = createRedactor([redactable('PEM', key)]);
  assert.is(text(key), '[redacted:PEM]');
  assert.is(text('> MC4CAQAwBQYDK2VwBCIEIOu6'), '> [redacted:PEM]');
  assert.is(text('a short line'), 'a short line');
});

test('a long secret is recognized though its end is cut off or changed', () => {
  const key = Array.from({ length: 3_000 }, (_, index) => index.toString(36)).join('');
  const { text } = createRedactor([redactable('LONG', key)]);
  assert.is(text(`<${key}>`), '<[redacted:LONG]>');
  assert.is(text(`<${key.slice(0, 2_000)}>`), '<[redacted:LONG]>');
});

test('the beginning of a secret at the end of a text that was cut goes with it', () => {
  const { text } = createRedactor([redactable('KEY', 'canary-value-1')]);
  assert.is(text('it was canary-va', true), 'it was [redacted:KEY]');
  assert.is(text('it was canary-va'), 'it was canary-va');
  assert.is(text('it was canary', true), 'it was canary');
});

test('in JSON, strings, keys and numbers are redacted, and all else is the same value', () => {
  const { json } = createRedactor([redactable('KEY', 'canary-value'), redactable('PIN', '1234567890')]);
  const value = { a: ['canary-value', 1], 'x canary-value': { n: 1234567890, deep: [{ s: 'canary"' }] } };
  assert.equal(json(value), {
    a: ['[redacted:KEY]', 1],
    'x [redacted:KEY]': { n: '[redacted:PIN]', deep: [{ s: 'canary"' }] },
  });
  const clean = { a: [1, null, true, 'canary'], b: { c: '' } };
  assert.is(json(clean), clean);
  fc.assert(fc.property(fc.jsonValue(), (any) => assert.equal(json(any as never), any)));
});

test('what was redacted holds no secret, whatever stood around and between them', () => {
  const secrets = fc.uniqueArray(value, { minLength: 1, maxLength: 8 });
  const pieces = fc.array(fc.tuple(around, fc.nat(), fc.constantFrom(...Object.values(ENCODINGS))), { maxLength: 8 });
  fc.assert(
    fc.property(secrets, pieces, (values, parts) => {
      const { text } = createRedactor(values.map((each, index) => redactable(`N${index}`, each)));
      const whole = parts
        .map(([before, index, encode]) => `${before}${encode(values[index % values.length]!)}`)
        .join('');
      const redacted = text(whole);
      for (const each of values) assert.not.ok(redacted.includes(each), `${each} in ${redacted}`);
    }),
  );
});

test('the work grows with the text and not with its product with the secrets', () => {
  // Every position begins like every secret: a search that starts over for each would take hours.
  const secrets = Array.from({ length: 50 }, (_, index) => redactable(`N${index}`, `${'a'.repeat(5_000)}${index}x`));
  const { text } = createRedactor(secrets);
  assert.is(text(`${'a'.repeat(400)} `.repeat(50)).includes('redacted'), false);
  assert.match(text(`${'a'.repeat(200_000)}`), /^(\[redacted:N\d+\])+a*$/);
});

test('JSON stays JSON, however deep a secret stands in it', () => {
  const depths = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(value, depths, fc.string(), fc.string(), (secret, depth, before, after) => {
      let text = JSON.stringify([before, secret, `${after}"\\`]);
      for (let level = 1; level < depth; level += 1) text = JSON.stringify({ text, more: '\\"' });
      const redacted = createRedactor([redactable('KEY', secret)]).text(text);
      assert.match(redacted, '[redacted:KEY]');
      let inner = JSON.parse(redacted);
      for (let level = 1; level < depth; level += 1) inner = JSON.parse(inner.text);
      assert.is(inner.length, 3);
    }),
  );
});
