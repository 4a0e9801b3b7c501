import type { Logger } from 'pino';
import type { SecretPosition } from '../config/types.ts';
import type { StepIdentity } from '../sandbox/port.ts';

/** The host functions that have something to refuse. */
export type AuditedFunction = 'weft:http/client#send' | 'weft:mail/sender#send';

/** What happened; see `AuditEvent`. */
export type AuditFact = { readonly identity: StepIdentity } & (
  | {
      readonly kind: 'secret_used';
      readonly secret: string;
      readonly position: SecretPosition;
      readonly host: string;
    }
  | {
      readonly kind: 'secret_denied';
      /** Null when the placeholder belongs to no secret that this step knows. */
      readonly secret: string | null;
      /** Where the placeholder stood; `elsewhere` is never granted. */
      readonly position: SecretPosition | 'elsewhere';
      readonly host: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'egress_denied';
      readonly method: string;
      /** Without the query. */
      readonly url: string;
      readonly reason: string;
    }
  | { readonly kind: 'mail_sent'; readonly recipient: string; readonly message_id: string }
  | { readonly kind: 'mail_denied'; readonly recipient: string; readonly reason: string }
  /** Told once for each limit of a run. */
  | { readonly kind: 'budget_exceeded'; readonly reason: string }
);

/**
 * What an operator may want to know later: every use of a secret, every mail and every refusal. Never holds a secret's
 * value.
 */
export type AuditEvent = AuditFact & { readonly function: AuditedFunction };

/** Takes audit events; must not throw. */
export type Audit = (event: AuditEvent) => void;

/** Takes what happened within one host function. */
export type AuditFacts = (fact: AuditFact) => void;

/**
 * Writes audit events as log lines: `audit` holds kind, function and what the kind has; refusals are warnings. They are
 * written at every log level but `silent`.
 */
export function auditLog(logger: Logger): Audit {
  const always = logger.child({}, { level: logger.level === 'silent' ? 'silent' : 'info' });
  return ({ identity, ...audit }) => {
    const { task_id, step_id, step_name, namespace, template_name, attempt } = identity;
    const line = { audit, task_id, step_id, step_name, namespace, template_name, attempt };
    if ('reason' in audit) always.warn(line, 'a step was refused something');
    else always.info(line, 'a step used what it was granted');
  };
}
