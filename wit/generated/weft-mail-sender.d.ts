declare module 'weft:mail/sender@1.0.0' {
  /**
   * Hands one message to the relay.
   */
  export function send(message: Message): Receipt;
  /**
   * One message to one recipient; sender and `Message-ID` are the host's to say.
   */
  export interface Message {
    /**
     * Stable across attempts. The `Message-ID` derives from it and the step, and in one run a key stands for one
     * message: sending it again gives the receipt again.
     */
    key: string,
    /**
     * A bare address, `local@domain`, in ASCII.
     */
    to: string,
    /**
     * One line.
     */
    subject: string,
    /**
     * The body for every reader.
     */
    text: string,
    /**
     * The same for readers of HTML.
     */
    html?: string,
    /**
     * A bare address.
     */
    replyTo?: string,
    /**
     * Total, from the call to the relay's last word.
     */
    timeoutMs: number,
  }
  /**
   * The relay has taken the message over; that it arrived is not known.
   */
  export interface Receipt {
    /**
     * With its angle brackets.
     */
    messageId: string,
    /**
     * The relay's answer, as `250 2.0.0 Ok: queued as 4F2A`.
     */
    response: string,
    /**
     * From the call to the relay's last word, by the host's clock.
     */
    latencyMs: number,
  }
  /**
   * The relay's answer when it does not take a message.
   */
  export interface Rejection {
    /**
     * The SMTP reply code: 4xx may pass, 5xx will not (RFC 5321 section 4.2.1).
     */
    status: number,
    message: string,
  }
  /**
   * Why a message was not sent.
   */
  export type Error = ErrorDenied | ErrorInvalid | ErrorTimeout | ErrorNetwork | ErrorRejected | ErrorTooLarge | ErrorBudget;
  /**
   * There is no relay, or the recipient is not allowed; nothing was sent.
   */
  export interface ErrorDenied {
    tag: 'denied',
    val: string,
  }
  /**
   * The message itself is malformed.
   */
  export interface ErrorInvalid {
    tag: 'invalid',
    val: string,
  }
  /**
   * The relay did not finish within `timeout-ms`; it may have taken the message.
   */
  export interface ErrorTimeout {
    tag: 'timeout',
    val: string,
  }
  /**
   * The relay cannot be reached, or TLS or login failed.
   */
  export interface ErrorNetwork {
    tag: 'network',
    val: string,
  }
  /**
   * The relay refused sender, recipient or message.
   */
  export interface ErrorRejected {
    tag: 'rejected',
    val: Rejection,
  }
  /**
   * The message is larger than allowed.
   */
  export interface ErrorTooLarge {
    tag: 'too-large',
    val: string,
  }
  /**
   * The step has used up its calls, bytes or recipients.
   */
  export interface ErrorBudget {
    tag: 'budget',
    val: string,
  }
}
