import { connect, type LookupFunction, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { listen, startHttpServer } from '../../testing/http_server.ts';
import { SELF_SIGNED, SELF_SIGNED_KEY } from '../../testing/self_signed.ts';
import { assert, suite } from '../../testing/suite.ts';
import { checkedConnector } from './connector.ts';
import { EgressDenied } from './egress_policy.ts';

const test = suite('checked connector');

/** What the connector's `lookup` answers when the resolver finds these addresses. */
function lookUp(open: boolean, found: readonly string[], options: { all?: boolean; family?: number } = {}) {
  const resolve = async () => found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return new Promise((done, fail) => {
    checkedConnector(open, resolve, (lookup: LookupFunction) => {
      lookup('h.test', options, (error, ...answer) => (error === null ? done(answer) : fail(error)));
      return () => {};
    });
  });
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('it succeeded'),
    (error) => error,
  );
}

test('a lookup gives what was checked in the form that was asked for', async () => {
  const found = ['1.1.1.1', '2606:4700::1111', '8.8.8.8'];
  assert.equal(await lookUp(false, found), ['1.1.1.1', 4]);
  assert.equal(await lookUp(false, found, { family: 6 }), ['2606:4700::1111', 6]);
  assert.equal(await lookUp(false, found, { all: true, family: 4 }), [
    [
      { address: '1.1.1.1', family: 4 },
      { address: '8.8.8.8', family: 4 },
    ],
  ]);
});

test('one refused address refuses the name, even in a family that was not asked for', async () => {
  assert.instance(await failure(lookUp(false, ['1.1.1.1', '::1'], { family: 4 })), EgressDenied);
  assert.instance(await failure(lookUp(true, ['127.0.0.1', '169.254.169.254'])), EgressDenied);
  assert.match((await failure(lookUp(false, []))).message, 'no address');
});

test('a peer that is not what was checked gets no byte', async () => {
  const server = await startHttpServer((_, response) => response.end());
  const ask = (open: boolean, hostname: string) =>
    new Promise<[Error | null, Socket | null]>((done) => {
      // Connects to loopback, whatever it is told.
      const astray = checkedConnector(
        open,
        async () => [{ address: '1.1.1.1', family: 4 }],
        () => (_, callback) => {
          const socket: Socket = connect(server.port, '127.0.0.1', () => callback(null, socket));
        },
      );
      astray({ hostname, protocol: 'http:', port: String(server.port) }, (...answer) => done(answer));
    });
  for (const hostname of ['h.test', '1.1.1.1']) {
    const [error, socket] = await ask(false, hostname);
    assert.instance(error, EgressDenied);
    assert.is(socket, null);
  }
  const [error, socket] = await ask(true, 'h.test');
  assert.is(error, null);
  socket?.destroy();
  assert.is(server.requests.length, 0);
  await server.close();
});

test('a certificate that nobody vouches for ends the connection, whatever the environment says', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const server = await listen(createTlsServer({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED }, (socket) => socket.end()));
  const connector = checkedConnector(true, async () => [{ address: '127.0.0.1', family: 4 }]);
  const error = await new Promise<Error | null>((done) => {
    connector(
      { hostname: 'api.test', host: 'api.test', protocol: 'https:', port: String(server.port) },
      (...[refused]) => done(refused),
    );
  });
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  assert.match((error as NodeJS.ErrnoException).code ?? '', /SELF_SIGNED|CERT/);
  await server.close();
});
