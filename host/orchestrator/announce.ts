import type { Logger } from 'pino';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { AsyncHookName, HookTaps, StepMoment } from '../../kernel/hooks/table.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import type { StepState, TaskState } from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { DispatchData } from '../transport/messages.ts';

/** Tells plugins what became durable. They observe: what a tap throws is logged, and nobody waits for it. */
export class Announcer {
  readonly #hooks: Hooks;
  readonly #logger: Logger;

  constructor(hooks: Hooks, logger: Logger) {
    this.#hooks = hooks;
    this.#logger = logger;
  }

  dispatched({ identity, pin }: DispatchData): void {
    const { task_id, step_id, step_name, attempt, activation } = identity;
    this.#run('stepDispatch', { task_id, step_id, step_name, attempt, activation, pin });
  }

  /** The steps and the task that the events have ended. */
  committed(state: TaskState, events: readonly TaskEvent[]): void {
    const { head, compiled } = state;
    for (const event of events) {
      switch (event.kind) {
        case 'step_completed':
        case 'step_errored':
        case 'step_cancelled':
        case 'step_resolved_manually':
          this.#stepSettled(head.id, state.steps.get(event.step_id)!);
          break;
        case 'task_status_changed':
          if (!isSettled(event.to)) break;
          this.#run('taskSettled', {
            task_id: head.id,
            template_name: compiled.template.name,
            status: event.to,
          });
      }
    }
  }

  #stepSettled(task_id: string, { id, name, attempt, status, failure }: StepState): void {
    const moment: StepMoment = { task_id, step_id: id, step_name: name, attempt };
    this.#run('stepSettled', { ...moment, status, ...(failure === undefined ? {} : { failure }) });
  }

  #run<N extends AsyncHookName>(hook: N, ...args: Parameters<HookTaps[N]>): void {
    this.#hooks.run(hook, ...args).catch((error: unknown) => {
      this.#logger.error({ err: error, hook }, 'a plugin failed; nothing changes by it');
    });
  }
}
