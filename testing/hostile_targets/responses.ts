import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type HostileTarget, SHORT_MS, type Targets } from './target.ts';

/** What the misbehaving server does once it has read a request; the connection stays open unless it ends it. */
type Misbehaviour = (socket: Socket) => void;

const ZEROS = Buffer.alloc(8_000_000);
const CHUNK = Buffer.alloc(65_536, 'x');

const head = (...fields: string[]): string =>
  `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

/** Says something and hangs up. */
const says =
  (...parts: (string | Buffer)[]): Misbehaviour =>
  (socket) => {
    for (const part of parts) socket.write(part);
    socket.end();
  };

/** Says something, then goes on with more of the same for ever. */
const pours =
  (first: string, more: string | Buffer): Misbehaviour =>
  (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(more));
    };
    socket.on('drain', pour);
    socket.write(first);
    pour();
  };

/** Says something, then a little every few milliseconds. */
const drips =
  (first: string, more: string): Misbehaviour =>
  (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(more), 5);
    socket.on('close', () => clearInterval(timer));
  };

const coded = (coding: string, body: Buffer): Misbehaviour =>
  says(head(`content-encoding: ${coding}`, `content-length: ${body.length}`), body);

const CHUNKED = 'transfer-encoding: chunked';

const BEHAVIOURS: Readonly<Record<string, readonly [HostileTarget['expected'], Misbehaviour]>> = {
  // Bombs.
  'gzip-bomb': ['too-large', coded('gzip', gzipSync(ZEROS))],
  'deflate-bomb': ['too-large', coded('deflate', deflateSync(ZEROS))],
  'br-bomb': ['too-large', coded('br', brotliCompressSync(ZEROS))],
  'x-gzip-bomb': ['too-large', coded('x-gzip', gzipSync(ZEROS))],
  'double-bomb': ['too-large', coded('gzip, gzip', gzipSync(gzipSync(ZEROS)))],
  'mixed-bomb': ['too-large', coded('gzip, br', brotliCompressSync(gzipSync(ZEROS)))],
  'triple-bomb': ['too-large', coded('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(ZEROS))))],
  'hollow-gzip': ['too-large', pours(head('content-encoding: gzip'), Buffer.concat(Array(500).fill(gzipSync(''))))],
  'stacked-codings': ['network', coded('gzip, gzip, gzip, gzip', gzipSync('x'))],
  'many-codings': ['network', coded(Array(500).fill('br').join(','), brotliCompressSync('x'))],
  'truncated-gzip': ['network', coded('gzip', gzipSync('hello'.repeat(50)).subarray(0, 20))],
  'not-gzip': ['network', coded('gzip', Buffer.from('hello'))],
  'not-br': ['network', coded('br', Buffer.from('hello there'))],
  // Without an end.
  endless: ['too-large', pours(head(), CHUNK)],
  'endless-chunks': ['too-large', pours(head(CHUNKED), `10000\r\n${CHUNK}\r\n`)],
  'endless-confetti': ['too-large', pours(head(CHUNKED), '1\r\nx\r\n'.repeat(5_000))],
  'endless-length': ['too-large', pours(head('content-length: 9007199254740991'), CHUNK)],
  'endless-header': ['too-large', pours('HTTP/1.1 200 OK\r\nx-long: ', CHUNK)],
  'endless-headers': ['too-large', pours('HTTP/1.1 200 OK\r\n', 'x-one: y\r\n'.repeat(500))],
  'header-of-40-kb': ['too-large', says(head(`x-long: ${'y'.repeat(40_000)}`, 'content-length: 0'))],
  'many-headers': ['too-large', says(head(...Array.from({ length: 150 }, (_, n) => `x-${n}: y`), 'content-length: 0'))],
  'endless-hints': ['timeout', pours('', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')],
  'endless-continue': ['timeout', pours('', 'HTTP/1.1 100 Continue\r\n\r\n')],
  // Slowly.
  silent: ['timeout', () => undefined],
  'drip-status': ['timeout', drips('HTT', '')],
  'drip-headers': ['timeout', drips('HTTP/1.1 200 OK\r\n', 'x: y\r\n')],
  'drip-header': ['timeout', drips('HTTP/1.1 200 OK\r\nx: ', 'y')],
  'drip-body': ['timeout', drips(head('content-length: 100000'), 'x')],
  'drip-chunks': ['timeout', drips(head(CHUNKED), '1\r\nx\r\n')],
  'drip-chunk-size': ['timeout', drips(head(CHUNKED), '0')],
  'drip-trailers': ['timeout', drips(`${head(CHUNKED)}0\r\n`, 'x: y\r\n')],
  'drip-gzip': ['timeout', drips(head('content-encoding: gzip', 'content-length: 100000'), '')],
  'stalls-after-headers': ['timeout', drips(head('content-length: 5'), '')],
  'stalls-in-the-body': ['timeout', drips(`${head('content-length: 5')}ab`, '')],
  // Broken off.
  'hangs-up': ['network', (socket) => socket.destroy()],
  resets: ['network', (socket) => socket.resetAndDestroy()],
  'ends-in-the-status': ['network', says('HTTP/1.1 2')],
  'ends-in-the-headers': ['network', says('HTTP/1.1 200 OK\r\nx: y')],
  'ends-in-the-body': ['network', says(`${head('content-length: 100')}part`)],
  'ends-in-a-chunk': ['network', says(`${head(CHUNKED)}ff\r\npart`)],
  'ends-without-the-last-chunk': ['network', says(`${head(CHUNKED)}4\r\npart\r\n`)],
  // Not HTTP, or HTTP that two readers would read in two ways.
  garbage: ['network', says('hello, who are you?\r\n\r\n')],
  binary: ['network', says(Buffer.from([0, 1, 2, 3, 0xff, 0xfe, 13, 10, 13, 10]))],
  'http-0.9': ['network', says('<html>no status</html>')],
  'http-2-preface': ['network', says(Buffer.from([0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]))],
  'ssh-banner': ['network', says('SSH-2.0-OpenSSH_9.0\r\n')],
  'smtp-banner': ['network', says('220 mail.test ESMTP\r\n')],
  'status-of-words': ['network', says('HTTP/1.1 OK fine\r\n\r\n')],
  'status-9999': ['network', says('HTTP/1.1 9999 Over\r\n\r\n')],
  'version-9': ['network', says('HTTP/9.9 200 OK\r\n\r\n')],
  'two-lengths': ['network', says(`${head('content-length: 5', 'content-length: 50')}hello`)],
  'negative-length': ['network', says(`${head('content-length: -5')}hello`)],
  'length-of-words': ['network', says(`${head('content-length: five')}hello`)],
  'length-overflow': ['network', says(`${head('content-length: 99999999999999999999999')}hello`)],
  'length-and-chunks': ['network', says(`${head('content-length: 5', CHUNKED)}0\r\n\r\nhello`)],
  'chunks-twice': ['network', says(`${head('transfer-encoding: chunked, chunked')}zz\r\n`)],
  'chunk-of-words': ['network', says(`${head(CHUNKED)}zz\r\nhello\r\n0\r\n\r\n`)],
  'chunk-overflow': ['network', says(`${head(CHUNKED)}fffffffffffffffff\r\nhello\r\n`)],
  'chunk-too-long': ['network', says(`${head(CHUNKED)}2\r\nhello\r\n0\r\n\r\n`)],
  'header-without-colon': ['network', says(head('not a header', 'content-length: 0'))],
  'header-with-nul': ['network', says(head('x: a\0b', 'content-length: 0'))],
  'header-with-space': ['network', says(head('x y: z', 'content-length: 0'))],
  'header-with-bare-cr': ['network', says(head('x: a\rInjected: yes', 'content-length: 0'))],
  'unasked-upgrade': [
    'network',
    says('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
  ],
};

/** What the misbehaving server does for a path; undefined for those of other kinds. */
export function misbehaviourOf(path: string): Misbehaviour | undefined {
  return BEHAVIOURS[path.slice(1)]?.[1];
}

export const responseTargets: Targets = ({ hostile }) =>
  Object.entries(BEHAVIOURS).map(([path, [expected]]) => ({
    name: `response ${path}`,
    request: {
      url: `http://hostile.test:${hostile}/${path}`,
      ...(expected === 'timeout' ? { timeoutMs: SHORT_MS } : {}),
    },
    expected,
  }));
