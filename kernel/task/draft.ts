import { apply } from './apply.ts';
import type { Environment } from './commands.ts';
import type { TaskEvent } from './events.ts';
import type { StepState, TaskState } from './state.ts';
import { Overlay } from './table.ts';

/** Room to look ahead: events are applied to an overlay as they are decided, and the state itself stays as it is. */
export class Draft {
  readonly state: TaskState;
  readonly events: TaskEvent[] = [];
  readonly env: Environment;
  readonly at: number;

  constructor(base: TaskState, at: number, env: Environment) {
    this.state = {
      compiled: base.compiled,
      head: { ...base.head, count: { ...base.head.count } },
      steps: new Overlay(base.steps),
      absent: new Overlay(base.absent),
      fragments: new Overlay(base.fragments),
      planned: new Overlay(base.planned),
    };
    this.at = at;
    this.env = env;
  }

  emit(event: TaskEvent): void {
    apply(this.state, event);
    this.events.push(event);
  }

  step(id: string): StepState {
    return this.state.steps.get(id)!;
  }
}
