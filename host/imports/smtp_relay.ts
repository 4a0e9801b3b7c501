import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { WeftError } from '../../kernel/errors.ts';
import type { MailConfig } from '../config/types.ts';
import { domainOf, MailFailure } from './mail_shapes.ts';
import { readSource } from './secrets.ts';

/** The operator's relay, ready to be connected to. */
export interface SmtpRelay {
  /** `host:port`. */
  readonly address: string;
  /** As it stands in `From`; the name may be empty. */
  readonly from: { readonly name: string; readonly address: string };
  /** Of that address. */
  readonly domain: string;
  /**
   * Hands one message over on a connection of its own and gives the relay's answer.
   * @throws MailFailure `network`, `rejected`; the signal's reason when it aborts.
   */
  deliver(to: string, message: Buffer, signal: AbortSignal): Promise<string>;
}

/** What a relay may take for one answer; the deadline of the call governs all else. */
const RESPONSE_BYTES_MAX = 16_384;
/** How long it may take to part from a relay that has the message. */
const QUIT_MS_MAX = 5_000;
const SENDER = /^(?:([^<>"\r\n]*)<)?([^<>\r\n]+?)>?$/;

/**
 * Reads the relay from the config; undefined when there is none.
 * @throws mail_unusable for a sender that is no address and a password that cannot be read.
 */
export async function openSmtpRelay(
  config: MailConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SmtpRelay | undefined> {
  const { host, port, secure } = config;
  if (host === undefined) return undefined;
  const [, name = '', address = ''] = SENDER.exec(config.from ?? '') ?? [];
  const domain = domainOf(address);
  if (domain === undefined) {
    throw unusable('"from" must be an address, as weft@example.com or Weft <weft@example.com>');
  }
  const credentials = await readCredentials(config.auth, env);
  const options = {
    host,
    port,
    name: domain,
    secure: secure === 'tls',
    requireTLS: secure === 'starttls',
    ignoreTLS: secure === 'none',
    maxResponseSize: RESPONSE_BYTES_MAX,
    socketCloseTimeout: 0,
  };
  const deliver: SmtpRelay['deliver'] = async (to, message, signal) => {
    signal.throwIfAborted();
    const connection = new SMTPConnection(options);
    const { promise: broken, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    connection.on('error', reject);
    connection.on('end', () => reject(new Error('the relay closed the connection')));
    const talk = async (): Promise<string> => {
      await called((done) => connection.connect(done));
      if (credentials !== undefined) await called((done) => connection.login(credentials, done));
      const envelope = { from: address, to: [to], size: message.length };
      return (await called<{ response: string }>((done) => connection.send(envelope, message, done))).response;
    };
    try {
      const response = await Promise.race([talk(), broken]);
      connection.quit();
      setTimeout(() => connection.close(), QUIT_MS_MAX).unref();
      return response;
    } catch (error) {
      connection.close();
      throw signal.aborted ? signal.reason : failureOf(error as SmtpError);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  return { address: `${host}:${port}`, from: { name: name.trim(), address }, domain, deliver };
}

type SmtpError = NodeJS.ErrnoException & { readonly responseCode?: number; readonly response?: string };

function failureOf(error: SmtpError): MailFailure {
  const { code, responseCode, response, message } = error;
  // What a relay says of a login may repeat the credentials.
  if (code === 'EAUTH') {
    return new MailFailure({ tag: 'network', val: `the relay refused the login with ${responseCode ?? 'no code'}` });
  }
  if (code !== 'ETLS' && responseCode !== undefined && responseCode >= 400) {
    return new MailFailure({ tag: 'rejected', val: { status: responseCode, message: response ?? message } });
  }
  return new MailFailure({ tag: 'network', val: message }, { cause: error });
}

async function readCredentials(
  auth: MailConfig['auth'],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly user: string; readonly pass: string } | undefined> {
  if (auth === null) return undefined;
  const { username, password } = auth;
  try {
    const pass = await readSource(password, env);
    if (pass === undefined || pass === '') throw new Error('it has no value');
    return { user: username, pass };
  } catch (cause) {
    throw unusable(`the password cannot be read: ${(cause as Error).message}`, cause);
  }
}

function unusable(problem: string, cause?: unknown): WeftError {
  return new WeftError('mail_unusable', { problem }, { cause });
}

function called<Result = unknown>(
  perform: (done: (error?: Error | null, result?: unknown) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) =>
    perform((error, result) => (error ? reject(error) : resolve(result as Result))),
  );
}
