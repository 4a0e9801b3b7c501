/// <reference path="../../wit/generated/weft-mail-sender.d.ts" preserve="true" />
import type { Error as MailError, Message, Receipt } from 'weft:mail/sender@1.0.0';
import { send as sendOrThrow } from 'weft:mail/sender@1.0.0';

export type { MailError, Message, Receipt };

/** What handing a message over came to. */
export type Handover = { readonly receipt: Receipt } | { readonly error: MailError };

/** Hands one message for one recipient to the operator's relay. */
export function sendMail(message: Message): Handover {
  try {
    return { receipt: sendOrThrow(message) };
  } catch (thrown) {
    // The bindings throw a WIT error as an Error that carries it.
    const error = (thrown as { payload?: MailError }).payload;
    if (error === undefined) throw thrown;
    return { error };
  }
}
