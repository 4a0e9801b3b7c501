import type { TaskStatus } from '../../kernel/task/events.ts';

/** What the process's exit code says; docs/cli.md is made from this table. */
export const EXIT = {
  ok: { code: 0, meaning: 'It worked.' },
  failure: { code: 1, meaning: 'It did not work, for a reason that no other code names.' },
  usage: { code: 2, meaning: 'The command line was not understood.' },
  not_found: { code: 4, meaning: 'A task, step or handler does not exist.' },
  network: { code: 5, meaning: 'No Weft answered.' },
  server: { code: 8, meaning: 'Weft answered that something is wrong on its side.' },
  validation: { code: 10, meaning: 'A template, context, result, signal, plugin or the operator config was refused.' },
  task_failed: { code: 11, meaning: 'The task ended badly, or is blocked by a failed step.' },
  budget_exhausted: { code: 12, meaning: 'The task used up its budget.' },
  waiting_for_input: { code: 13, meaning: 'The task waits for people, and `--no-wait` was given.' },
  interrupted: { code: 130, meaning: 'Interrupted by a signal; what is durable goes on later.' },
} as const;

/** The exit code of a command that followed a task to where it is now. */
export function exitOfTask(status: TaskStatus): number {
  switch (status) {
    case 'complete':
    case 'resolved_manually':
      return EXIT.ok.code;
    case 'error':
    case 'cancelled':
    case 'blocked_by_failures':
      return EXIT.task_failed.code;
    case 'waiting':
      return EXIT.waiting_for_input.code;
    case 'pending':
    case 'running':
      return EXIT.failure.code;
  }
}
