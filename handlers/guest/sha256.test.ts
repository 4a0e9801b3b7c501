import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { sha256 } from './sha256.ts';

const test = suite('sha256');

test('digests are those of OpenSSL', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
      assert.is(sha256(text), createHash('sha256').update(text).digest('hex'));
    }),
  );
});

test('padding is right around the block boundary', () => {
  for (let length = 50; length < 140; length += 1) {
    const text = 'x'.repeat(length);
    assert.is(sha256(text), createHash('sha256').update(text).digest('hex'));
  }
});
