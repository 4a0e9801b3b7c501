/** WIT `message`, in the JSON-safe form of jco's bindings. */
export interface MailMessage {
  readonly key: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly replyTo?: string;
  readonly timeoutMs: number;
}

/** WIT `receipt`. */
export interface MailReceipt {
  readonly messageId: string;
  readonly response: string;
  readonly latencyMs: number;
}

/** WIT `error`. */
export type MailError =
  | {
      readonly tag: 'denied' | 'invalid' | 'timeout' | 'network' | 'too-large' | 'budget';
      readonly val: string;
    }
  | { readonly tag: 'rejected'; readonly val: { readonly status: number; readonly message: string } };

/** Carries a WIT `error` from where it was found to where `send` answers. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  readonly error: MailError;

  constructor(error: MailError, options?: ErrorOptions) {
    super(typeof error.val === 'string' ? error.val : error.val.message, options);
    this.error = error;
  }
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
// RFC 5321's Mailbox without quoted parts, comments and address literals: nothing that two parsers read differently.
const ADDRESS = new RegExp(`^(?=.{1,64}@)${ATOM}(?:\\.${ATOM})*@(${LABEL}(?:\\.${LABEL})*)$`);
const ADDRESS_LENGTH_MAX = 254;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const KEY_LENGTH_MAX = 256;
const SUBJECT_LENGTH_MAX = 900;

/** The domain of a bare address in small letters; undefined when the text is no such address. */
export function domainOf(address: string): string | undefined {
  return address.length > ADDRESS_LENGTH_MAX ? undefined : ADDRESS.exec(address)?.[1]?.toLowerCase();
}

/**
 * Reads a `message` that came from a cell, which is not trusted to have kept to the WIT.
 * @throws MailFailure `invalid`, naming the field; what could add a header or a recipient is among it.
 */
export function readMailMessage(value: unknown): MailMessage {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const text = (name: string): string => {
    const field = fields[name];
    if (typeof field !== 'string') throw invalid(`message.${name} is not a string`);
    return field;
  };
  const optional = (name: string): string | undefined => (fields[name] == null ? undefined : text(name));
  const address = (name: string, field: string): string => {
    if (domainOf(field) === undefined) throw invalid(`message.${name} must be one bare address, as name@example.com`);
    return field;
  };
  const { timeoutMs } = fields;
  if (!Number.isInteger(timeoutMs) || (timeoutMs as number) < 0 || (timeoutMs as number) > 0xffff_ffff) {
    throw invalid('message.timeoutMs must be a u32');
  }
  const [key, subject, html, replyTo] = [text('key'), text('subject'), optional('html'), optional('replyTo')];
  if (key === '' || key.length > KEY_LENGTH_MAX)
    throw invalid(`message.key must have 1 to ${KEY_LENGTH_MAX} characters`);
  if (CONTROL.test(subject) || subject.length > SUBJECT_LENGTH_MAX) {
    throw invalid(`message.subject must be one line of at most ${SUBJECT_LENGTH_MAX} characters`);
  }
  return {
    key,
    to: address('to', text('to')),
    subject,
    text: text('text'),
    ...(html === undefined ? {} : { html }),
    ...(replyTo === undefined ? {} : { replyTo: address('replyTo', replyTo) }),
    timeoutMs: timeoutMs as number,
  };
}

function invalid(message: string): MailFailure {
  return new MailFailure({ tag: 'invalid', val: message });
}
