import { integer, item, listOf, oneOf, section, source, text } from './describe.ts';

/** `mail`: the relay through which steps may write. */
export const MAIL = section(
  'The relay through which steps send mail, and to whom. Without a host, no step sends any.',
  {
    host: text('The SMTP server that takes messages over.', { pattern: '^[^/@\\s]+$' }),
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      default: 587,
      description: 'Its port; usually 587 with `starttls`, 465 with `tls`.',
    },
    secure: oneOf(
      'How the connection is encrypted: `starttls` and `tls` insist on it and on a valid certificate; `none` is for a relay on the same machine.',
      ['starttls', 'tls', 'none'],
    ),
    auth: {
      ...item(
        {
          username: text('Who logs in.'),
          password: source('Where the password comes from: `{env: NAME}` or `{file: PATH}`.'),
        },
        ['username', 'password'],
      ),
      type: ['object', 'null'],
      default: null,
      description: 'The login at the relay; none when absent.',
    },
    from: text('The sender of every message: `weft@example.com` or `Weft <weft@example.com>`. Needed with a host.'),
    recipient_domains: listOf(
      text('A domain, or `*.` and a domain for those below it.', { pattern: '^[^/@\\s]+$' }),
      'The domains that may receive mail; none when empty.',
    ),
    max_recipients: integer('Addresses that one run of a step may write to.', 1, 50, 10_000),
    max_message_bytes: integer('A message with its headers, in bytes.', 1_024, 1024 * 1024, 64 * 1024 * 1024),
  },
);
