import fc from 'fast-check';
import { assert, suite } from '../../../testing/suite.ts';
import { encodeFrame, FrameReader } from './frames.ts';

const test = suite('frames');

test('messages arrive whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.json().map((text) => JSON.parse(text))), fc.array(fc.nat(40)), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(encodeFrame));
      const reader = new FrameReader();
      const received: unknown[] = [];
      let at = 0;
      for (const cut of cuts) {
        received.push(...reader.push(stream.subarray(at, at + cut)));
        at = Math.min(at + cut, stream.length);
      }
      received.push(...reader.push(stream.subarray(at)));
      assert.equal(JSON.stringify(received), JSON.stringify(messages));
    }),
  );
});

test('a bigint travels as its decimal string', () => {
  assert.equal(new FrameReader().push(encodeFrame({ at: 2n ** 63n })), [{ at: '9223372036854775808' }]);
});

test('a frame that is too long is refused by its header alone', () => {
  const reader = new FrameReader();
  reader.bytesMax = 10;
  assert.equal(reader.push(encodeFrame('12345678')), ['12345678']);
  assert.throws(() => reader.push(Buffer.from([11, 0, 0, 0])), /11 bytes, where 10/);
});

test('a frame that is no JSON is refused', () => {
  assert.throws(() => new FrameReader().push(Buffer.from([1, 0, 0, 0, 0x7b])), SyntaxError);
});
