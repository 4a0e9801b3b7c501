import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { formEncode, originOf, resolveUrl, withQuery } from './urls.ts';

const test = suite('URLs');

// RFC 3986 section 5.4.1 and the parts of 5.4.2 that concern http.
const BASE = 'http://a/b/c/d;p?q';
for (const [reference, expected] of [
  ['g', 'http://a/b/c/g'],
  ['./g', 'http://a/b/c/g'],
  ['g/', 'http://a/b/c/g/'],
  ['/g', 'http://a/g'],
  ['//g', 'http://g/'],
  ['?y', 'http://a/b/c/d;p?y'],
  ['g?y', 'http://a/b/c/g?y'],
  ['g?y#s', 'http://a/b/c/g?y'],
  [';x', 'http://a/b/c/;x'],
  ['', 'http://a/b/c/d;p?q'],
  ['.', 'http://a/b/c/'],
  ['..', 'http://a/b/'],
  ['../g', 'http://a/b/g'],
  ['../../../g', 'http://a/g'],
  ['g;x=1/../y', 'http://a/b/c/y'],
  ['g?y/../x', 'http://a/b/c/g?y/../x'],
  ['https://x/y', 'https://x/y'],
] as const) {
  test(`"${reference}" leads to ${expected}`, () => assert.is(resolveUrl(reference, BASE), expected));
}

const piece = fc.stringMatching(/^[a-z0-9;=._-]{0,4}$/);
const reference = fc
  .tuple(
    fc.constantFrom('', '/', '//h/', './', '../', 'http://o:81/', 'https://o'),
    fc.array(fc.oneof(piece, fc.constantFrom('.', '..')), { maxLength: 5 }).map((parts) => parts.join('/')),
    fc.oneof(
      fc.constant(''),
      piece.map((text) => `?${text}`),
    ),
  )
  .filter(([start, path]) => !(start === 'https://o' && path !== '' && !path.startsWith('/')))
  .filter(([start, path]) => !(start === '' || start === '/') || !path.startsWith('/'))
  .map((parts) => parts.join(''));

test('references resolve as the WHATWG parser resolves them', () => {
  fc.assert(
    fc.property(reference, fc.constantFrom('http://a/b/c/d?q', 'https://a', 'http://a/x/'), (to, base) => {
      const expected = new URL(to, base).href.replace(/\?$/, '');
      assert.is(new URL(resolveUrl(to, base)).href.replace(/\?$/, ''), expected);
    }),
    { numRuns: 1000 },
  );
});

test('an origin has one spelling', () => {
  assert.is(originOf('HTTPS://API.Example.com:443/a?b'), 'https://api.example.com');
  assert.is(originOf('http://api.example.com:8080'), 'http://api.example.com:8080');
  assert.is(originOf('http://[::1]:80/'), 'http://[::1]');
});

test('what is not http, has no host or carries credentials has no origin', () => {
  for (const url of ['ftp://a/', '/a', 'a', 'http:///a', 'https://user@a/', 'javascript:alert(1)']) {
    assert.is(originOf(url), undefined, url);
  }
});

test('an origin is never equal where the WHATWG parser sees another one', () => {
  const sly = fc.array(fc.constantFrom('/', '\\', '@', ':', '\t', '\n', '.', 'a', 'b', '?', '#', '%2f', '80'), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(sly, (parts) => {
      const url = resolveUrl(parts.join(''), 'https://a/x');
      if (originOf(url) === 'https://a' && URL.canParse(url)) assert.is(new URL(url).origin, 'https://a');
    }),
    { numRuns: 3000 },
  );
});

test('query parameters are replaced or added, everything else stays', () => {
  assert.is(withQuery('https://a/b?x=1&page=2&y', [['page', '3']]), 'https://a/b?x=1&y&page=3');
  assert.is(withQuery('https://a/b', [['q', 'a b&c']]), 'https://a/b?q=a%20b%26c');
  assert.is(withQuery('https://a/b?p%61ge=2#top', [['page', '3']]), 'https://a/b?page=3');
  assert.is(
    withQuery('https://a', [
      ['t', '1'],
      ['t', '2'],
    ]),
    'https://a/?t=1&t=2',
  );
  assert.is(withQuery('https://a/b?x=%', []), 'https://a/b?x=%');
});

const text = fc.string({ unit: fc.oneof(fc.constant('\ud800'), fc.string({ unit: 'grapheme', maxLength: 1 })) });

test('forms are encoded as browsers encode them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      assert.is(formEncode(pairs), new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString());
    }),
  );
});
