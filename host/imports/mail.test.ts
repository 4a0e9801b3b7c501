import type { SMTPServerOptions } from 'smtp-server';
import type { WeftError } from '../../kernel/errors.ts';
import { type HostCalls, startHostCalls } from '../../testing/host_calls.ts';
import { type MailServer, startMailServer } from '../../testing/mail_server.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { MailConfig } from '../config/types.ts';
import type { MailMessage } from './mail_shapes.ts';

const test = suite('mail');

const MESSAGE: MailMessage = {
  key: 'k1',
  to: 'ada@example.com',
  subject: 'Order A-17',
  text: 'It was shipped.',
  timeoutMs: 5_000,
};

const opened: { close(): Promise<void> }[] = [];
test.after(async () => {
  for (const each of opened) await each.close();
});

async function relay(options: SMTPServerOptions = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  opened.push(server);
  return server;
}

async function calls(
  server: Pick<MailServer, 'port'>,
  mail: Partial<MailConfig> = {},
  rest: Omit<Parameters<typeof startHostCalls>[0], 'mail'> = {},
): Promise<HostCalls> {
  const host = await startHostCalls({
    mail: {
      host: '127.0.0.1',
      port: server.port,
      secure: 'none',
      from: 'Weft, orders <weft@sender.test>',
      recipient_domains: ['example.com', '*.example.org'],
      ...mail,
    },
    ...rest,
  });
  opened.push(host);
  return host;
}

/** The unfolded value of a header. */
function header(text: string, name: string): string | undefined {
  const [head] = text.split('\r\n\r\n');
  const line = head!.replace(/\r\n[ \t]+/g, ' ').match(new RegExp(`^${name}: (.*)$`, 'im'));
  return line?.[1];
}

test('a message reaches the relay with the sender of the operator', async () => {
  const server = await relay();
  const host = await calls(server);
  const answer = await host.mail({ ...MESSAGE, html: '<p>It was shipped.</p>', replyTo: 'desk@example.net' });
  assert.ok('ok' in answer, JSON.stringify(answer));
  assert.match(answer.ok.response, /queued as 1/);
  const [mail] = server.mails;
  assert.equal([mail!.from, mail!.to], ['weft@sender.test', ['ada@example.com']]);
  assert.equal(
    ['From', 'To', 'Subject', 'Reply-To', 'Message-ID', 'Auto-Submitted'].map((name) => header(mail!.text, name)),
    [
      '"Weft, orders" <weft@sender.test>',
      'ada@example.com',
      'Order A-17',
      'desk@example.net',
      answer.ok.messageId,
      'auto-generated',
    ],
  );
  assert.match(mail!.text, /text\/plain[\s\S]*It was shipped\.[\s\S]*text\/html[\s\S]*<p>It was shipped/);
  const { host_calls: counted, hosts, bytes_out } = host.host.usage();
  assert.equal([counted, hosts], [1, [`127.0.0.1:${server.port}`]]);
  assert.ok(bytes_out > 300);
  assert.equal(
    host.audit.map((event) => event.kind === 'mail_sent' && [event.recipient, event.message_id]),
    [['ada@example.com', answer.ok.messageId]],
  );
});

test('the Message-ID is the same in every run of a step and another for every key', async () => {
  const server = await relay();
  const ids = [];
  for (const key of ['k1', 'k1', 'k2']) {
    const answer = await (await calls(server)).mail({ ...MESSAGE, key });
    ids.push('ok' in answer && answer.ok.messageId);
  }
  assert.match(String(ids[0]), /^<[0-9a-f]{40}@sender\.test>$/);
  assert.is(ids[0], ids[1]);
  assert.is.not(ids[0], ids[2]);
});

test('within a run a key is sent once, and stands for one message', async () => {
  const server = await relay();
  const host = await calls(server);
  const first = await host.mail(MESSAGE);
  assert.equal(await host.mail(MESSAGE), first);
  const other = await host.mail({ ...MESSAGE, text: 'Something else.' });
  assert.is('error' in other && other.error.tag, 'invalid');
  assert.is(server.mails.length, 1);
});

test('nobody gets mail unless there is a relay and the domain is allowed', async () => {
  const server = await relay();
  const none = await startHostCalls({});
  opened.push(none);
  const host = await calls(server);
  const closed = await calls(server, { recipient_domains: [] });
  for (const [from, to] of [
    [none, 'ada@example.com'],
    [closed, 'ada@example.com'],
    [host, 'ada@other.com'],
    [host, 'ada@example.com.evil.test'],
    [host, 'ada@sub.example.com'],
    [host, 'ada@example.org'],
  ] as const) {
    const answer = await from.mail({ ...MESSAGE, to });
    assert.is('error' in answer && answer.error.tag, 'denied', to);
  }
  assert.is(host.audit.filter(({ kind }) => kind === 'mail_denied').length, 4);
  assert.is(host.host.usage().denials, 4);
  assert.is(server.mails.length, 0);
  for (const to of ['ada@EXAMPLE.com', 'ada@a.example.org']) {
    assert.ok('ok' in (await host.mail({ ...MESSAGE, key: to, to })), to);
  }
});

test('what could add a header, a recipient or a command is refused', async () => {
  const server = await relay();
  const host = await calls(server);
  for (const wrong of [
    { subject: 'x\r\nBcc: eve@example.com' },
    { subject: 'x\nBcc: eve@example.com' },
    { subject: 'x\u2028y' },
    { subject: 'x'.repeat(901) },
    { to: 'ada@example.com, eve@example.com' },
    { to: 'ada@example.com>\r\nRCPT TO:<eve@example.com' },
    { to: 'Ada <ada@example.com>' },
    { to: '"a b"@example.com' },
    { to: 'ada@[127.0.0.1]' },
    { to: `${'a'.repeat(65)}@example.com` },
    { to: 'ada' },
    { replyTo: 'a@b.test\r\nX: y' },
    { text: { path: '/etc/passwd' } },
    { html: 1 },
    { key: '' },
    { timeoutMs: -1 },
  ]) {
    const answer = await host.mail({ ...MESSAGE, ...wrong });
    assert.is('error' in answer && answer.error.tag, 'invalid', JSON.stringify(wrong));
  }
  assert.is('error' in (await host.mail(null)), true);
  assert.is(server.mails.length, 0);
});

test('what looks like a header in the text stays in the text', async () => {
  const server = await relay();
  const host = await calls(server);
  const text = 'one\r\n.\r\nMAIL FROM:<eve@example.com>\r\n\r\nBcc: eve@example.com';
  assert.ok('ok' in (await host.mail({ ...MESSAGE, subject: 'Grüße', text })));
  assert.is(server.mails.length, 1);
  assert.equal(server.mails[0]!.to, ['ada@example.com']);
  assert.is(header(server.mails[0]!.text, 'Bcc'), undefined);
  assert.match(header(server.mails[0]!.text, 'Subject')!, /^=\?UTF-8\?/);
});

test('a secret has no place in a message', async () => {
  const server = await relay();
  const host = await calls(server, {}, { secrets: { KEY: { value: 'canary-secret', hosts: ['*.com'] } } });
  const answer = await host.mail({ ...MESSAGE, text: `the key is ${host.placeholder('KEY')}` });
  assert.is('error' in answer && answer.error.tag, 'denied');
  assert.equal(
    host.audit.map(({ kind }) => kind),
    ['secret_denied'],
  );
  assert.is(server.mails.length, 0);
});

test('calls, bytes, recipients and sizes are counted', async () => {
  const server = await relay();
  const tag = async (host: HostCalls, message: Partial<MailMessage> = {}) => {
    const answer = await host.mail({ ...MESSAGE, ...message });
    return 'error' in answer ? answer.error.tag : 'ok';
  };
  const to = (name: string) => ({ key: name, to: `${name}@example.com` });
  const few = await calls(server, { max_recipients: 2 });
  assert.equal([await tag(few, to('a')), await tag(few, to('b')), await tag(few, to('c'))], ['ok', 'ok', 'budget']);
  assert.is(await tag(few, { ...to('a'), key: 'again' }), 'ok');
  assert.is(await tag(await calls(server, {}, { limits: { host_calls_max: 0 } })), 'budget');
  assert.is(await tag(await calls(server, {}, { limits: { io_bytes_max: 50 } })), 'budget');
  assert.is(await tag(await calls(server, { max_message_bytes: 1_024 }), { text: 'x'.repeat(1_024) }), 'too-large');
  assert.is(server.mails.length, 3);
});

test('a refusal of the relay says its code, and may be repeated', async () => {
  let status = 450;
  const server = await relay({
    onRcptTo: (_address, _session, done) =>
      done(status === 0 ? null : Object.assign(new Error('mailbox unavailable'), { responseCode: status })),
  });
  const host = await calls(server);
  for (status of [450, 550]) {
    const answer = await host.mail(MESSAGE);
    assert.ok('error' in answer && answer.error.tag === 'rejected', JSON.stringify(answer));
    assert.is(answer.error.val.status, status);
    assert.match(answer.error.val.message, /mailbox unavailable/);
  }
  status = 0;
  assert.ok('ok' in (await host.mail(MESSAGE)));
});

test('the operator logs in, and a wrong password is not repeated', async () => {
  const server = await relay({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error(`no: ${password}`)),
  });
  const auth = { username: 'weft', password: { env: 'MAIL_PASSWORD' } };
  const right = await calls(server, { auth }, { env: { MAIL_PASSWORD: 'right' } });
  assert.ok('ok' in (await right.mail(MESSAGE)));
  assert.is(server.mails[0]!.user, 'weft');
  const wrong = await calls(server, { auth }, { env: { MAIL_PASSWORD: 'canary' } });
  const answer = await wrong.mail(MESSAGE);
  assert.is('error' in answer && answer.error.tag, 'network');
  assert.not.match(JSON.stringify([answer, wrong.audit]), /canary/);
});

test('without encryption that can be trusted nothing is sent', async () => {
  const plain = await relay();
  const untrusted = await relay({ disabledCommands: [] });
  for (const server of [plain, untrusted]) {
    const answer = await (await calls(server, { secure: 'starttls' })).mail(MESSAGE);
    assert.is('error' in answer && answer.error.tag, 'network', JSON.stringify(answer));
  }
  assert.is(plain.mails.length + untrusted.mails.length, 0);
});

test('a relay that is silent, gone or closes ends the call', async () => {
  const { promise: silence, resolve: speak } = Promise.withResolvers<void>();
  const silent = await relay({ onMailFrom: (_address, _session, done) => void silence.then(() => done()) });
  const late = await (await calls(silent)).mail({ ...MESSAGE, timeoutMs: 50 });
  assert.is('error' in late && late.error.tag, 'timeout');

  const running = new AbortController();
  const host = await calls(silent, {}, { signal: running.signal });
  const answer = host.mail(MESSAGE);
  running.abort();
  assert.equal(await answer, { error: { tag: 'network', val: 'the run has ended' } });
  speak();

  const gone = await startMailServer();
  await gone.close();
  const nobody = await (await calls(gone)).mail(MESSAGE);
  assert.is('error' in nobody && nobody.error.tag, 'network');
});

test('a config that cannot be used stops the start', async () => {
  const cases: [Partial<MailConfig>, RegExp][] = [
    [{ host: 'relay.test' }, /"from" must be an address/],
    [{ host: 'relay.test', from: 'Weft' }, /"from" must be an address/],
    [{ host: 'relay.test', from: 'a@b.test, c@d.test' }, /"from" must be an address/],
    [
      { host: 'relay.test', from: 'a@b.test', auth: { username: 'u', password: { env: 'ABSENT' } } },
      /password cannot be read/,
    ],
  ];
  for (const [mail, message] of cases) {
    const error = (await startHostCalls({ mail }).catch((thrown) => thrown)) as WeftError;
    assert.is(error.code, 'mail_unusable');
    assert.match(error.message, message);
  }
});
