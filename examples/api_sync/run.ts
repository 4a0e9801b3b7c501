import type { TaskView } from '../../host/orchestrator/port.ts';
import { type Stage, startExample } from '../example.ts';
import { type SyncService, startSyncService } from './service.ts';

/** Copies the contacts once and says how it went. */
export async function runApiSync(stage: Stage): Promise<{ readonly task: TaskView; readonly service: SyncService }> {
  const service = await startSyncService(0);
  const weft = await startExample(import.meta.dirname, { ports: { 7436: service.port } });
  try {
    return { task: await weft.run({ service_url: service.url }, stage), service };
  } finally {
    await weft.close();
    await service.close();
  }
}

/** The same with what source and target have seen, and what an operator sees of the step that failed. */
export async function showApiSync(stage: Stage): Promise<void> {
  const { task, service } = await runApiSync(stage);
  const { limited, violations, repeated, effects, summaries } = service;
  const doubled = [...effects.values()].filter((times) => times > 1).length;
  stage.say(`\n${limited} requests were told to wait, ${violations} did not`);
  stage.say(
    `${effects.size} contacts were written, ${repeated} sent again after a lost answer, ${doubled} written twice`,
  );
  for (const summary of summaries) stage.say(`the summary: ${JSON.stringify(summary)}`);
  for (const { name, attempt, failure } of task.steps.filter(({ status }) => status === 'error')) {
    stage.say(`the step that failed: ${name} after ${attempt} attempts, ${String(failure?.['code'])}`);
  }
}
