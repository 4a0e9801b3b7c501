import { SHORT_MS, type Targets } from './target.ts';

export const urlTargets: Targets = ({ sentinel, honest, tls, hostile }) => {
  const of =
    (expected: 'denied' | 'invalid' | 'network') =>
    (url: string, rest: object = {}) => ({
      name: `url ${JSON.stringify(url)} ${JSON.stringify(rest)}`,
      request: { url, ...rest },
      expected,
    });
  const at = `honest.test:${honest}`;
  return [
    // Schemes.
    ...['ftp', 'ws', 'wss'].map((scheme) => of('denied')(`${scheme}://127.0.0.1:${sentinel}/`)),
    ...[
      ...[
        'file:///etc/passwd',
        'file://127.0.0.1/etc/passwd',
        `gopher://127.0.0.1:${sentinel}/_GET`,
        'data:text/plain,x',
      ],
      ...['javascript:alert(1)', 'blob:http://honest.test/x', 'about:blank', `dict://127.0.0.1:${sentinel}/d`],
      ...['ldap://127.0.0.1/', 'jar:http://127.0.0.1!/', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/', 'mailto:a@b.test'],
    ].map((url) => of('denied')(url)),
    // Credentials, and what looks like a host but is none.
    of('denied')(`http://user:pass@${at}/open`),
    of('denied')(`http://user@${at}/open`),
    of('denied')(`http://:pass@${at}/open`),
    of('denied')(`http://${at}@127.0.0.1:${sentinel}/`),
    of('denied')(`http://honest.test%40127.0.0.1:${sentinel}@127.0.0.1:${sentinel}/`),
    of('denied')(`http://127.0.0.1:${sentinel}\\@honest.test/`),
    of('denied')(`http://127.0.0.1:${sentinel}#@honest.test/`),
    of('denied')(`http://127.0.0.1:${sentinel}?@honest.test/`),
    of('denied')(`http:\\\\127.0.0.1:${sentinel}\\`),
    of('denied')(`http:127.0.0.1:${sentinel}`),
    of('denied')(`http:/127.0.0.1:${sentinel}/`),
    of('denied')(`http:////127.0.0.1:${sentinel}/`),
    of('denied')(`HTTP://127.0.0.1:${sentinel}/`),
    of('denied')(` \thttp://127.0.0.1:${sentinel}/\n`),
    of('denied')(`ht\ntp://127.0.\t0.1:${sentinel}/`),
    of('denied')(`http://lo\ncal\rhost:${sentinel}/`),
    // No URL at all.
    ...['', 'honest.test', `//${at}/open`, '/open', 'http://', 'http:///', 'http://?', `http://${at}x/`].map((url) =>
      of('invalid')(url),
    ),
    ...[99_999, -1, '8o'].map((port) => of('invalid')(`http://honest.test:${port}/open`)),
    of('invalid')(`http://${at}/open/${'x'.repeat(9_000)}`),
    // Outside of the rule: port, scheme, method, path.
    of('denied')('http://honest.test/open'),
    of('denied')(`http://honest.test:${sentinel}/open`),
    of('denied')(`https://${at}/open`),
    of('denied')(`http://${at}/open`, { method: 'DELETE' }),
    ...[
      ...[
        '/',
        '/admin',
        '/opening',
        '/open/../admin',
        '/open/%2e%2e/admin',
        '/open/.%2e/admin',
        '/open/%252e%252e/admin',
      ],
      ...['/open/..;/admin', '/open/..%3b/admin', '/open%2f..%2fadmin', '/open/..%2fadmin', '/open/..%5cadmin'],
      ...['/open/..\\admin', '/open%00/admin', '//open', '/Open', '/%6fpen/../admin'],
    ].map((path) => of('denied')(`http://${at}${path}`)),
    // TLS: a certificate that nobody vouches for, and no TLS at all.
    of('network')(`https://hostile.test:${tls}/`),
    {
      name: 'https from a server that does not speak it',
      request: { url: `https://hostile.test:${hostile}/closing`, timeoutMs: SHORT_MS },
      expected: 'timeout',
    },
  ];
};
