import type { Outcome } from '../../kernel/task/commands.ts';
import type { Failure } from '../../kernel/task/events.ts';
import type { Redactor } from '../imports/redaction.ts';

/**
 * An outcome without secrets. Responses have been redacted before the guest saw them; what a guest puts together from
 * pieces, or undoes an encoding of, is found here.
 */
export function redactedOutcome(outcome: Outcome, { text, json }: Redactor): Outcome {
  switch (outcome.kind) {
    case 'complete':
      return { ...outcome, result: json(outcome.result) };
    case 'branch':
      return { ...outcome, steps: outcome.steps.map((name) => text(name)), result: json(outcome.result) };
    case 'batches':
      return { ...outcome, items: outcome.items.map((item) => json(item)), result: json(outcome.result) };
    case 'suspend':
      return {
        ...outcome,
        state: json(outcome.state),
        request: json(outcome.request),
        signals: json(outcome.signals),
        deadlines: outcome.deadlines.map(({ name, after_ms }) => ({ name: text(name), after_ms })),
      };
  }
}

/** A failure without secrets; its message may have been cut off in the middle of one. */
export function redactedFailure(failure: Failure, { text, json }: Redactor): Failure {
  const { details } = failure;
  return {
    ...failure,
    code: text(failure.code),
    message: text(failure.message, true),
    ...(details === undefined ? {} : { details: json(details) }),
  };
}
