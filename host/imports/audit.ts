import type { SecretPosition } from '../config/types.ts';
import type { StepIdentity } from '../sandbox/port.ts';

/** What an operator may want to know later: every use of a secret, every mail and every refusal. Never holds a secret's value. */
export type AuditEvent =
  | {
      readonly kind: 'secret_used';
      readonly identity: StepIdentity;
      readonly secret: string;
      readonly position: SecretPosition;
      readonly host: string;
    }
  | {
      readonly kind: 'secret_denied';
      readonly identity: StepIdentity;
      /** Null when the placeholder belongs to no secret that this step knows. */
      readonly secret: string | null;
      /** Where the placeholder stood; `elsewhere` is never granted. */
      readonly position: SecretPosition | 'elsewhere';
      readonly host: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'egress_denied';
      readonly identity: StepIdentity;
      readonly method: string;
      /** Without the query. */
      readonly url: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'mail_sent';
      readonly identity: StepIdentity;
      readonly recipient: string;
      readonly message_id: string;
    }
  | {
      readonly kind: 'mail_denied';
      readonly identity: StepIdentity;
      readonly recipient: string;
      readonly reason: string;
    };

/** Takes audit events; must not throw. */
export type Audit = (event: AuditEvent) => void;
