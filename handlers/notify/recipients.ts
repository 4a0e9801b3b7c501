import { fail } from '../guest/index.ts';
import { sha256 } from '../guest/sha256.ts';
import type { Recipient, RecipientConfig } from './types.ts';

/** The recipients of a step, each with a key that no other has; fails for one that is there twice. */
export function recipientsOf(configs: readonly RecipientConfig[], idempotencyKey: string): Recipient[] {
  const recipients = configs.map((config) => recipient(config, idempotencyKey));
  for (const [index, { key, label }] of recipients.entries()) {
    const first = recipients.findIndex((other) => other.key === key);
    if (first === index) continue;
    fail('recipient_repeated', `"/recipients/${first}" and "/recipients/${index}" are the same: ${label}`, {
      details: { recipients: [first, index] },
    });
  }
  return recipients;
}

function recipient(config: RecipientConfig, idempotencyKey: string): Recipient {
  const { webhook, slack, email, name } = config;
  const channel = webhook !== undefined ? 'webhook' : slack !== undefined ? 'slack' : 'email';
  const address = webhook?.url ?? slack?.url ?? email!.to;
  // As JSON, whose escapes leave nothing that cannot be encoded.
  const text = encodeURIComponent(JSON.stringify([idempotencyKey, channel, address]));
  return { config, channel, address, label: name ?? labelOf(address), key: `msg_${sha256(text)}` };
}

/** The path of a URL may be all that is secret of it. */
function labelOf(address: string): string {
  return /^https?:\/\/[^/?#]*/i.exec(address)?.[0] ?? address;
}
