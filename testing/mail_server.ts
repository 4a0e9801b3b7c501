import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { MailConfig } from '../host/config/types.ts';

/** The mail config's defaults. */
export const NO_MAIL: MailConfig = {
  port: 587,
  secure: 'starttls',
  auth: null,
  recipient_domains: [],
  max_recipients: 50,
  max_message_bytes: 1_048_576,
};

/** A message as a server took it. */
export interface SeenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, CRLF. */
  readonly text: string;
  readonly user: unknown;
}

/** An SMTP server on a loopback port of its own that keeps what it is sent. */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly SeenMail[];
  close(): Promise<void>;
}

/** Starts one; without options it wants neither encryption nor a login. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: SeenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 10,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false || mailFrom == null ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          user: session.user,
        });
        done(null, `queued as ${mails.length}`);
      });
    },
    ...options,
  });
  // A client that hangs up, as after a refused certificate, is no error of the server's.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
