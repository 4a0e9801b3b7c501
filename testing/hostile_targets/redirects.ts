import { SHORT_MS, type Targets } from './target.ts';

/** Redirects to where the request could not have gone itself. */
export const redirectTargets: Targets = ({ sentinel, honest, hostile }) => {
  const via = (to: string, status = 302) =>
    `http://hostile.test:${hostile}/redirect/${status}?to=${encodeURIComponent(to)}`;
  const of = (
    to: string,
    expected: 'denied' | 'network' | 'timeout' = 'denied',
    { status = 302, ...rest }: { status?: number; method?: string; body?: unknown; timeoutMs?: number } = {},
  ) => ({
    name: `redirect ${status} ${rest.method ?? 'GET'} to ${JSON.stringify(to)}`,
    request: { url: via(to, status), ...rest },
    expected,
  });
  const body = { tag: 'text', val: 'payload' };
  const forbidden = `http://127.0.0.1:${sentinel}/`;
  return [
    ...[301, 302, 303, 307, 308].flatMap((status) => [
      of(forbidden, 'denied', { status }),
      of(forbidden, 'denied', { status, method: 'POST', body }),
    ]),
    ...[
      ...[
        `http://[::1]:${sentinel}/`,
        `http://2130706433:${sentinel}/`,
        `http://0x7f.1:${sentinel}/`,
        `//127.1:${sentinel}/`,
      ],
      ...[`http://[::ffff:7f00:1]:${sentinel}/`, `http://localhost:${sentinel}/`, `http://１２７.1:${sentinel}/`],
      ...[
        `http://loop.public.test:${sentinel}/`,
        `http://mixed.public.test:${sentinel}/`,
        'http://169.254.169.254/latest/',
      ],
      ...[
        `http://metadata.hostile.test:${hostile}/`,
        `http://honest.test@127.0.0.1:${sentinel}/`,
        `https://unlisted.test/`,
      ],
      ...[
        `http://user:pass@honest.test:${honest}/open`,
        `http://honest.test:${honest}/admin`,
        `http:\\\\127.0.0.1:${sentinel}`,
      ],
      ...[`http://127.0.0.1:${sentinel}\\@honest.test/`, `ht\ttp://127.0.0.1:${sentinel}/`, 'ftp://honest.test/x'],
      ...[
        'file:///etc/passwd',
        'data:text/plain,hello',
        'javascript:alert(1)',
        `gopher://127.0.0.1:${sentinel}/`,
        'about:blank',
      ],
      // Two and three hops.
      ...[via(forbidden), via(via(forbidden)), via(via(via(`http://localhost:${sentinel}/`)))],
    ].map((to) => of(to)),
    of(`http://honest.test:${honest}/open`, 'denied', { status: 307, method: 'DELETE' }),
    ...['http://[', 'http://', 'http://256.256.256.256/', `http://honest.test:99999/`].map((to) => of(to, 'network')),
    of(`http://hostile.test:${hostile}/silent`, 'timeout', { timeoutMs: SHORT_MS }),
    {
      name: 'redirect with two locations, the second of which is allowed',
      request: { url: `http://hostile.test:${hostile}/two-locations?to=${encodeURIComponent(forbidden)}` },
      expected: 'denied',
    },
    {
      name: 'redirect that drips without an end',
      request: { url: `http://hostile.test:${hostile}/redirect-drip`, timeoutMs: SHORT_MS },
      expected: 'timeout',
    },
  ];
};
