import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { MailConfig } from '../config/types.ts';
import type { StepIdentity, StepLimits } from '../sandbox/port.ts';
import type { AuditFacts } from './audit.ts';
import { hostMatches } from './egress_policy.ts';
import { HttpFailure } from './http_shapes.ts';
import {
  domainOf,
  type MailError,
  MailFailure,
  type MailMessage,
  type MailReceipt,
  readMailMessage,
} from './mail_shapes.ts';
import type { Meter } from './meter.ts';
import { SecretDenied, type SecretScope } from './secrets.ts';
import { openSmtpRelay, type SmtpRelay } from './smtp_relay.ts';

const ERROR_LENGTH_MAX = 1_000;
/** What setTimeout can hold; it fires at once for more. */
const TIMER_MS_MAX = 2_147_483_647;

/** The run that messages belong to. */
export interface MailRun {
  readonly identity: StepIdentity;
  readonly secrets: SecretScope;
  readonly meter: Meter;
  readonly audit: AuditFacts;
  readonly limits: StepLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends every call of the run. */
  readonly signal?: AbortSignal;
}

/** How a message ended. */
export type MailAnswer = { readonly ok: MailReceipt } | { readonly error: MailError };

/** Performs `weft:mail/sender#send` for one run. `message` is checked against the WIT first; never rejects. */
export type SendMail = (message: unknown) => Promise<MailAnswer>;

/** The operator's mail, for all runs of a broker. */
export interface Mailer {
  bind(run: MailRun): SendMail;
}

/**
 * A mailer that sends nothing unless the operator names a relay and allows the recipient's domain. Each message has one
 * recipient and a `Message-ID` that derives from the step's key and the message's, so that a message sent again by a
 * later attempt is the same message to those who get it. Secrets have no place in a message.
 *
 * @throws mail_unusable
 */
export async function createMailer(
  config: MailConfig,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Mailer> {
  const relay = await openSmtpRelay(config, env);
  return {
    bind(run) {
      const sent = new Map<string, { readonly text: string; readonly receipt: MailReceipt }>();
      const recipients = new Set<string>();
      return async (value) => {
        const started = performance.now();
        try {
          run.meter.called();
          const message = readMailMessage(value);
          const { timeoutMs: _, ...content } = message;
          const text = JSON.stringify(content);
          const before = sent.get(message.key);
          if (before !== undefined && before.text !== text) {
            throw new MailFailure({
              tag: 'invalid',
              val: 'another message was sent under this key; give each its own',
            });
          }
          if (before !== undefined) return { ok: before.receipt };
          const allowed = checkPolicy(relay, config, message, run);
          const recipient = message.to.toLowerCase();
          if (!recipients.has(recipient) && recipients.size >= config.max_recipients) {
            const val = `a step may write to ${config.max_recipients} recipients in one run`;
            throw new MailFailure({ tag: 'budget', val });
          }
          recipients.add(recipient);
          const answer = await hand(allowed, config, message, run);
          const receipt = { ...answer, latencyMs: Math.round(performance.now() - started) };
          sent.set(message.key, { text, receipt });
          return { ok: receipt };
        } catch (error) {
          return { error: redacted(mailError(error), run) };
        } finally {
          run.meter.took(performance.now() - started);
        }
      };
    },
  };
}

function checkPolicy(relay: SmtpRelay | undefined, config: MailConfig, message: MailMessage, run: MailRun): SmtpRelay {
  const { to, subject, text, html = '', replyTo = '', key } = message;
  const refusal = (reason: string): MailFailure => {
    run.audit({ kind: 'mail_denied', identity: run.identity, recipient: to, reason });
    return new MailFailure({ tag: 'denied', val: reason });
  };
  if (relay === undefined) throw refusal('the operator has configured no mail relay ("mail.host" of weft.yaml)');
  const domain = domainOf(to)!;
  if (!config.recipient_domains.some((pattern) => hostMatches(pattern, domain))) {
    throw refusal(`the operator does not allow mail to "${domain}" ("mail.recipient_domains" of weft.yaml)`);
  }
  // Joined with what no placeholder holds.
  run.secrets.forbid([key, to, subject, text, html, replyTo].join('\n'), 'a mail', relay.address);
  return relay;
}

async function hand(
  relay: SmtpRelay,
  { max_message_bytes }: MailConfig,
  message: MailMessage,
  run: MailRun,
): Promise<Pick<MailReceipt, 'messageId' | 'response'>> {
  const messageId = messageIdOf(run.identity, message.key, relay.domain);
  const bytes = await compose(relay, message, messageId, run.now());
  if (bytes.length > max_message_bytes) {
    throw new MailFailure({
      tag: 'too-large',
      val: `the message has ${bytes.length} bytes; ${max_message_bytes} may be`,
    });
  }
  run.meter.sending(bytes.length);
  const timeout_ms = Math.min(message.timeoutMs, run.limits.timeout_ms, run.meter.timeLeftMs(), TIMER_MS_MAX);
  const late = new MailFailure({ tag: 'timeout', val: `the relay did not finish within ${timeout_ms} ms` });
  const ended = new MailFailure({ tag: 'network', val: 'the run has ended' });
  const ending = new AbortController();
  const end = () => ending.abort(ended);
  const timer = setTimeout(() => ending.abort(late), timeout_ms);
  run.signal?.addEventListener('abort', end);
  if (run.signal?.aborted) end();
  try {
    run.meter.contacted(relay.address);
    const response = await relay.deliver(message.to, bytes, ending.signal);
    run.audit({ kind: 'mail_sent', identity: run.identity, recipient: message.to, message_id: messageId });
    return { messageId, response: run.secrets.redactor.text(response).slice(0, ERROR_LENGTH_MAX) };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', end);
  }
}

function compose(relay: SmtpRelay, message: MailMessage, messageId: string, now_ms: number): Promise<Buffer> {
  const { to, subject, text, html, replyTo } = message;
  const composer = new MailComposer({
    from: relay.from,
    to,
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    ...(replyTo === undefined ? {} : { replyTo }),
    messageId,
    date: new Date(now_ms),
    // RFC 3834: nobody's holiday shall answer.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** RFC 5322 `msg-id`: the same for every attempt at the same message. */
function messageIdOf({ idempotency_key }: StepIdentity, key: string, domain: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([idempotency_key, key]))
    .digest('hex');
  return `<${digest.slice(0, 40)}@${domain}>`;
}

function mailError(error: unknown): MailError {
  if (error instanceof MailFailure) return error.error;
  if (error instanceof SecretDenied) return { tag: 'denied', val: error.message };
  // The meter is the network's, whoever uses it.
  if (error instanceof HttpFailure && error.tag === 'budget') return { tag: 'budget', val: error.message };
  throw error;
}

function redacted(error: MailError, { secrets }: MailRun): MailError {
  const clean = (text: string) => secrets.redactor.text(text).slice(0, ERROR_LENGTH_MAX);
  return error.tag === 'rejected'
    ? { tag: error.tag, val: { status: error.val.status, message: clean(error.val.message) } }
    : { tag: error.tag, val: clean(error.val) };
}
