import type { StepRecord } from './cell/messages.ts';
import type { StepRun } from './port.ts';

/** What a guest's `run` receives for a step run. */
export function stepRecord({ identity, config, inputs, resume }: StepRun): StepRecord {
  return {
    taskId: identity.task_id,
    stepId: identity.step_id,
    stepName: identity.step_name,
    attempt: identity.attempt,
    idempotencyKey: identity.idempotency_key,
    config: JSON.stringify(config),
    inputs: JSON.stringify(inputs),
    ...(resume === undefined
      ? {}
      : {
          resume: {
            state: JSON.stringify(resume.state),
            signals: JSON.stringify(resume.signals.map(({ at, ...signal }) => ({ ...signal, at_ms: at }))),
            ...(resume.fired === undefined ? {} : { fired: resume.fired }),
          },
        }),
  };
}
