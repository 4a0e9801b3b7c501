import { complete, defineHandler, fail, type JsonObject } from '../guest/index.ts';
import capability from './capability.json' with { type: 'json' };
import { deliverEmail } from './email.ts';
import { messagesOf } from './message.ts';
import { recipientsOf } from './recipients.ts';
import type { Config, Delivered, Message, Recipient } from './types.ts';
import { deliverSlack, deliverWebhook } from './webhooks.ts';

/** Tells each recipient, and says how that ended. */
export const handler = defineHandler<Config>({
  capability,
  run({ config, inputs, idempotencyKey }) {
    const tell = messagesOf(config, inputs);
    const recipients = recipientsOf(config.recipients, idempotencyKey);
    // Every message is there before the first is sent, so that a wrong one tells nobody.
    const messages = recipients.map((recipient) => ({ recipient, message: tell(recipient) }));
    const ended = messages.map(({ recipient, message }) => ({
      recipient,
      outcome: deliver(recipient, message, config),
    }));
    const failed = ended.filter(({ outcome }) => 'error' in outcome).length;
    const result = { deliveries: ended.map(report), delivered: ended.length - failed, failed };
    const isEnough = { all: failed === 0, any: result.delivered > 0, none: true }[config.require];
    return isEnough ? complete(result) : failDeliveries(config, ended, result);
  },
});

interface Ended {
  readonly recipient: Recipient;
  readonly outcome: Delivered;
}

function deliver(recipient: Recipient, message: Message, config: Config): Delivered {
  const { webhook, slack, email } = recipient.config;
  if (webhook !== undefined) return deliverWebhook(webhook, recipient, message, config);
  if (slack !== undefined) return deliverSlack(slack, recipient, message, config.timeout_ms);
  return deliverEmail(email!, recipient, message, config.timeout_ms);
}

function report({ recipient: { label, channel, key }, outcome }: Ended): JsonObject {
  const said = { recipient: label, channel, key };
  return 'error' in outcome
    ? { ...said, status: 'failed', receipt: null, error: { ...outcome.error } }
    : { ...said, status: 'delivered', receipt: outcome.receipt, error: null };
}

/** Another attempt is worth it while it could satisfy `require`: for all, when no failure is final; for any, when one is not. */
function failDeliveries({ require }: Config, ended: readonly Ended[], details: JsonObject): never {
  const failures = ended.flatMap(({ recipient: { label }, outcome }) =>
    'error' in outcome ? [{ label, ...outcome }] : [],
  );
  const hopes = failures.map(({ error }) => error.retryable);
  const retryable = require === 'all' ? hopes.every(Boolean) : hopes.some(Boolean);
  const wait = Math.max(...failures.map(({ retryAfterMs = 0 }) => retryAfterMs));
  const [{ label, error }] = failures as [(typeof failures)[number]];
  const others = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
  fail(
    'delivery_failed',
    `${failures.length} of ${ended.length} deliveries failed: ${label}: ${error.message} (${error.code})${others}`,
    { retryable, ...(retryable && wait > 0 ? { retryAfterMs: wait } : {}), details },
  );
}
