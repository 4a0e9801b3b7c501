import fc from 'fast-check';
import { HOST_PATTERN } from '../../kernel/template/egress.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { OperatorEgressRule } from '../config/types.ts';
import { addressRefusal, decideEgress, hostMatches } from './egress_policy.ts';

const test = suite('egress policy');

function decide(rule: OperatorEgressRule, url: string, method = 'GET', addresses: readonly string[] = []) {
  const { private: _, ...template } = rule;
  return decideEgress({ operator: [rule], template: [template], url: new URL(url), method, addresses });
}

function allowed(rule: OperatorEgressRule, url: string, method?: string): boolean {
  return decide(rule, url, method).allowed;
}

const API: OperatorEgressRule = { host: 'api.example.com', methods: ['GET', 'post'], path: '/v1/orders' };

test('only a request that matches every part of a rule may leave', () => {
  const cases: [boolean, string, string?][] = [
    [true, 'https://api.example.com/v1/orders'],
    [true, 'https://api.example.com:443/v1/orders/7?x=1#y', 'POST'],
    [true, 'https://API.EXAMPLE.COM./v1/orders/'],
    [true, 'https://ａｐｉ.example.com/v1/orders'],
    [true, 'https://api.example.com/v2/../v1/orders/%2e/x'],
    [false, 'http://api.example.com/v1/orders'],
    [false, 'https://api.example.com:8443/v1/orders'],
    [false, 'https://api.example.com/v1/orders', 'DELETE'],
    [false, 'https://api.example.com/v1/orders2'],
    [false, 'https://api.example.com/v1'],
    [false, 'https://api.example.com/V1/orders'],
    [false, 'https://api.example.com//v1/orders'],
    [false, 'https://api.example.com/v1/orders/../users'],
    [false, 'https://api.example.com/v1/orders/%2e%2E/users'],
    [false, 'https://api.example.com/v1/orders/..%2fusers'],
    [false, 'https://api.example.com/v1/orders/..%252Fusers'],
    [false, 'https://api.example.com/v1/orders/%252e%252e/users'],
    [false, 'https://api.example.com/v1/orders/..;/users'],
    [false, 'https://api.example.com/v1/orders/..%3Bx/users'],
    [false, 'https://api.example.com/v1/orders/x%5c..%5cusers'],
    [false, 'https://api.example.com/v1/orders\\..\\users'],
    [false, 'https://api.example.com.evil.test/v1/orders'],
    [false, 'https://evil.test/api.example.com/v1/orders'],
    [false, 'https://xapi.example.com/v1/orders'],
    [false, 'https://example.com/v1/orders'],
    [false, 'https://user@api.example.com/v1/orders'],
    [false, 'https://:secret@api.example.com/v1/orders'],
    [false, 'https://api.example.com@evil.test/v1/orders'],
    [false, 'ftp://api.example.com/v1/orders'],
    [false, 'file:///v1/orders'],
    [false, 'data:text/plain,x'],
  ];
  for (const [expected, url, method] of cases) assert.is(allowed(API, url, method), expected, `${method} ${url}`);
});

test('both lists must allow a request, and each refusal says which one does not', () => {
  const url = new URL('https://api.example.com/v1/orders');
  const ask = (operator: OperatorEgressRule[], template: OperatorEgressRule[]) =>
    decideEgress({ operator, template, url, method: 'GET' });
  assert.equal(ask([API], [API]), { allowed: true, private: false });
  for (const [decision, word] of [
    [ask([], []), /template/],
    [ask([API], []), /template/],
    [ask([API], [{ host: 'other.test' }]), /template/],
    [ask([], [API]), /operator.*weft\.yaml/],
    [ask([{ ...API, path: '/v2' }], [API]), /operator/],
  ] as const) {
    assert.is(decision.allowed, false);
    if (!decision.allowed) assert.match(decision.reason, word);
  }
});

test('host patterns match names, literals and domains, and nothing by accident', () => {
  const cases: [boolean, string, string][] = [
    [true, 'Example.COM', 'example.com'],
    [true, 'example.com.', 'example.com'],
    [true, 'bücher.test', 'xn--bcher-kva.test'],
    [true, '*.example.com', 'a.b.example.com'],
    [true, '127.0.0.1', '127.0.0.1'],
    [true, '::1', '[::1]'],
    [true, '[0:0::1]', '[::1]'],
    [false, '*.example.com', 'example.com'],
    [false, '*.example.com', 'badexample.com'],
    [false, '*.0.0.1', '127.0.0.1'],
    [false, '*.1', '127.0.0.1'],
    [false, '*', 'example.com'],
    [false, '', 'example.com'],
    [false, '*.', 'example.com'],
    [false, 'example.com:443', 'example.com'],
    [false, 'example.com/x', 'example.com'],
    [false, 'user@example.com', 'example.com'],
    [false, 'example.com#', 'example.com'],
    [false, 'a.*.com', 'a.b.com'],
  ];
  for (const [expected, pattern, host] of cases) assert.is(hostMatches(pattern, host), expected, `${pattern} ${host}`);
});

test('what cannot be a host is refused where it is written', () => {
  const form = new RegExp(HOST_PATTERN, 'u');
  const hosts = ['Example.COM', 'example.com.', 'bücher.test', '*.example.com', '127.0.0.1', '::1', '[0:0::1]'];
  for (const host of hosts) assert.ok(form.test(host), host);
  const others = ['*', '', '*.', 'example.com:443', '127.0.0.1:80', 'example.com/x', 'http://example.com', 'a b'];
  for (const host of [...others, 'user@example.com', 'example.com#', 'a.*.com']) assert.not.ok(form.test(host), host);
});

test('a path prefix that is no path matches nothing it should not', () => {
  const url = 'https://h.test/admin';
  for (const [path, expected] of [
    ['/', true],
    ['', true],
    ['/admin/', true],
    ['admin', true],
    ['//admin', false],
    ['/admin?x', false],
    ['/adm', false],
  ] as const) {
    assert.is(allowed({ host: 'h.test', path }, url), expected, path);
  }
});

const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
]
  .concat(['127。0。0。1', '１２７.0.0.1', '①②⑦.0.0.1', '%31%32%37.0.0.1', '0', '[::1]', '[0:0:0:0:0:0:0:1]', '[::]'])
  .concat(['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', '10.1', '0xa9fe0101']);

test('an address that is not public stays closed in every spelling until a private rule opens it', () => {
  for (const host of LOOPBACK) {
    const { hostname } = new URL(`http://${host}/`);
    const rule: OperatorEgressRule = { scheme: 'http', host: hostname };
    assert.is(allowed(rule, `http://${host}/`), false, host);
    assert.equal(decide({ ...rule, private: true }, `http://${host}/`), { allowed: true, private: true }, host);
    assert.is(allowed({ scheme: 'http', host: 'localhost', private: true }, `http://${host}/`), false, host);
  }
});

test('a template cannot open a private address', () => {
  const rule = { scheme: 'http', host: '127.0.0.1' } as const;
  const url = new URL('http://127.0.0.1/');
  const template = [{ ...rule, private: true }];
  assert.is(decideEgress({ operator: [rule], template, url, method: 'GET' }).allowed, false);
});

test('every address of a name must be open', () => {
  const rule: OperatorEgressRule = { host: 'h.test' };
  const ask = (open: boolean, ...addresses: string[]) =>
    decide({ ...rule, private: open }, 'https://h.test/', 'GET', addresses).allowed;
  assert.is(ask(false, '1.1.1.1', '2606:4700::1111'), true);
  assert.is(ask(false, '1.1.1.1', '127.0.0.1'), false);
  assert.is(ask(true, '1.1.1.1', '127.0.0.1'), true);
  assert.is(ask(true, '169.254.169.254'), false);
  assert.is(ask(true, '::ffff:169.254.169.254'), false);
});

test('a metadata address opens only to a private rule that names it', () => {
  const url = 'http://169.254.169.254/latest';
  assert.is(allowed({ scheme: 'http', host: '169.254.169.254' }, url), false);
  assert.is(allowed({ scheme: 'http', host: '169.254.169.254', private: true }, url), true);
  assert.is(addressRefusal('169.254.169.254', '169.254.169.254', true), undefined);
  assert.match(addressRefusal('h.test', '169.254.169.254', true) ?? '', 'metadata');
});

test('nothing leaves without rules, whatever the URL', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
      assert.is(decideEgress({ operator: [], template: [], url: new URL(url), method: 'GET' }).allowed, false);
    }),
  );
});

test('a path rule never lets through what resolves outside of it, however often it is decoded', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '%2e',
    '%2E%2e',
    '%252e.',
    '%2f',
    '%5C',
    '\\',
    '/',
    'a',
    ';',
    '%3b',
    '%25',
    'in',
  );
  const decodeAll = (path: string): string => {
    let text = path;
    for (let round = 0; round < 5; round += 1)
      text = text.replace(/%(25|2e|2f|5c|3b)/gi, (hex) => decodeURIComponent(hex));
    return text.replaceAll('\\', '/').replace(/;[^/]*/g, '');
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const url = new URL(`https://h.test/in/${pieces.join('')}`);
      if (!allowed({ host: 'h.test', path: '/in' }, url.href)) return;
      const resolved = new URL(`https://h.test${decodeAll(url.pathname)}`).pathname;
      assert.match(resolved, /^\/in(\/|$)/, url.href);
    }),
    { numRuns: 2_000 },
  );
});
