import type { Json, JsonObject } from '../guest/index.ts';
import type { ExpressionLimits } from '../guest/jsonata.ts';

export interface WebhookConfig {
  readonly url: string;
  readonly secret?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SlackConfig {
  readonly url: string;
  readonly escape: boolean;
  readonly payload: JsonObject;
}

export interface EmailConfig {
  readonly to: string;
  readonly reply_to?: string;
}

/** Exactly one of the channels is there. */
export interface RecipientConfig {
  readonly name?: string;
  readonly webhook?: WebhookConfig;
  readonly slack?: SlackConfig;
  readonly email?: EmailConfig;
}

/** The config, defaults filled in; exactly one of `message` and `template` is there. */
export interface Config {
  readonly recipients: readonly RecipientConfig[];
  readonly message?: { readonly subject?: string; readonly text: string; readonly data?: Json };
  readonly template?: { readonly subject?: string; readonly text: string; readonly data?: string };
  readonly event_type: string;
  readonly require: 'all' | 'any' | 'none';
  readonly timeout_ms: number;
  readonly limits: ExpressionLimits;
}

/** A recipient with what tells it from others. */
export interface Recipient {
  readonly config: RecipientConfig;
  readonly channel: 'webhook' | 'slack' | 'email';
  readonly address: string;
  /** What people call it. */
  readonly label: string;
  /** The same in every attempt of the step. */
  readonly key: string;
}

/** What one recipient is told. */
export interface Message {
  readonly subject?: string;
  readonly text: string;
  readonly data?: Json;
}

/** Why a recipient was not told. */
export interface DeliveryError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** How one delivery ended; `retryAfterMs` is what the other side asked for. */
export type Delivered =
  | { readonly receipt: JsonObject }
  | { readonly error: DeliveryError; readonly retryAfterMs?: number };
