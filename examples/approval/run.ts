import type { TaskView } from '../../host/orchestrator/port.ts';
import { type ExampleWeft, follow, type Stage, startExample } from '../example.ts';
import type { Service } from '../service.ts';
import { startDesk } from './desk.ts';

const TOKENS = {
  DESK_TOKEN: 'a-token-of-the-desk',
  MARIA_TOKEN: 'a-token-of-maria',
  FATIMA_TOKEN: 'a-token-of-fatima',
};

/** Who answers which gate, and how. */
const ANSWERS: Readonly<
  Record<string, { readonly person: string; readonly decision: string; readonly comment: string }>
> = {
  manager_approval: { person: 'maria', decision: 'approve', comment: 'we need it' },
  finance_approval: { person: 'fatima', decision: 'approve', comment: 'it is in the budget' },
};

/** The desk open, Weft behind it. */
export interface Office {
  readonly weft: ExampleWeft;
  readonly desk: Service;
  close(): Promise<void>;
}

/** Opens the desk, with the people of this example. */
export async function openOffice(): Promise<Office> {
  const weft = await startExample(import.meta.dirname, { env: TOKENS });
  const people = { maria: TOKENS.MARIA_TOKEN, fatima: TOKENS.FATIMA_TOKEN };
  const desk = await startDesk({ port: 0, weft_url: weft.api.url!, desk_token: TOKENS.DESK_TOKEN, people });
  return {
    weft,
    desk,
    async close() {
      await desk.close();
      await weft.close();
    },
  };
}

/** Sends expenses through the desk and lets its people answer; gives the tasks as they ended. */
export async function runApproval(stage: Stage, amounts: readonly number[]): Promise<readonly TaskView[]> {
  const { weft, desk, close } = await openOffice();
  try {
    const tasks: TaskView[] = [];
    for (const amount of amounts) tasks.push(await runExpense(weft, desk, amount, stage));
    return tasks;
  } finally {
    await close();
  }
}

async function runExpense(weft: ExampleWeft, desk: Service, amount: number, stage: Stage): Promise<TaskView> {
  stage.say(`\nsomebody asks the desk for ${amount}`);
  const { task_id } = (await post(`${desk.url}/requests`, { amount, purpose: 'a loom' })) as { task_id: string };
  await follow(weft, task_id, {
    say: stage.say,
    show(event) {
      stage.show(event);
      if (event.kind === 'step_suspended') void answer(weft, desk, task_id, event.step_id, stage);
    },
  });
  return weft.engine.task(task_id);
}

async function answer(weft: ExampleWeft, desk: Service, task_id: string, stepId: string, stage: Stage): Promise<void> {
  const { name } = await weft.engine.step(task_id, stepId);
  const given = ANSWERS[name]!;
  stage.say(`           ${given.person} answers ${name} at the desk: ${given.decision}, "${given.comment}"`);
  await post(`${desk.url}/decisions`, { task_id, step: name, ...given });
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const answered = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answered)}`);
  return answered;
}

/** An expense for each path, with the steps that each came to have. */
export async function showApproval(stage: Stage): Promise<void> {
  const tasks = await runApproval(stage, [700, 3_000, 7_000]);
  stage.say('');
  for (const { context, status, steps } of tasks) {
    stage.say(`${String(context['amount']).padStart(6)}  ${status}  ${steps.map(({ name }) => name).join(' → ')}`);
  }
}
