import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { type Engine, loadConfig, startWeft } from 'weft';

const config = await loadConfig();
const weft = await startWeft(config, { logger: pino({ level: 'error' }) });
try {
  console.log(await greet(weft.engine, 'Ada'));
} finally {
  await weft.close();
}

/** What a task of the template says to somebody, once it is done. */
async function greet(engine: Engine, name: string): Promise<unknown> {
  const text = await readFile('template.yaml', 'utf8');
  const { task } = await engine.submit({
    template: { kind: 'text', text, file: 'template.yaml' },
    context: { name },
    principal: 'consumer',
  });
  for await (const _ of engine.watch(task.task_id, 0, AbortSignal.timeout(60_000)));
  return (await engine.step(task.task_id, 'shout')).result;
}
