import { type MailError, sendMail } from '../guest/mail.ts';
import type { Delivered, DeliveryError, EmailConfig, Message, Recipient } from './types.ts';

/** Delivers to the operator's relay, which has taken the message over when there is a receipt. */
export function deliverEmail(
  { to, reply_to }: EmailConfig,
  { key }: Recipient,
  { subject, text }: Message,
  timeout_ms: number,
): Delivered {
  const handover = sendMail({
    key,
    to,
    subject: subject!,
    text,
    ...(reply_to === undefined ? {} : { replyTo: reply_to }),
    timeoutMs: timeout_ms,
  });
  if ('error' in handover) return { error: failureOf(handover.error) };
  const { messageId, response, latencyMs } = handover.receipt;
  return { receipt: { message_id: messageId, response, latency_ms: latencyMs } };
}

function failureOf(error: MailError): DeliveryError {
  switch (error.tag) {
    case 'rejected': {
      const { status, message } = error.val;
      // RFC 5321 section 4.2.1: 4yz is transient.
      return { code: 'rejected', message, retryable: status < 500 };
    }
    case 'timeout':
    case 'network':
      return { code: error.tag, message: error.val, retryable: true };
    case 'invalid':
      return { code: 'invalid_request', message: error.val, retryable: false };
    case 'too-large':
      return { code: 'too_large', message: error.val, retryable: false };
    default:
      return { code: error.tag, message: error.val, retryable: false };
  }
}
