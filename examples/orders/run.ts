import { readFile } from 'node:fs/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import { follow, type Stage, startExample } from '../example.ts';
import { type OrderService, startOrderService } from './service.ts';

/** The port that `weft.yaml` and the template open. */
const PORT = 7431;

/** Takes in the shop's orders once and says how it went. */
export async function runOrders(stage: Stage): Promise<{ readonly task: TaskView; readonly service: OrderService }> {
  const service = await startOrderService(PORT);
  const weft = await startExample(new URL('weft.yaml', import.meta.url));
  try {
    const text = await readFile(new URL('template.yaml', import.meta.url), 'utf8');
    const { task } = await weft.engine.submit({
      template: { kind: 'text', text, file: 'examples/orders/template.yaml' },
      context: { service_url: service.url },
      principal: 'demo',
    });
    await follow(weft, task.task_id, stage);
    return { task: await weft.engine.task(task.task_id), service };
  } finally {
    await weft.close();
    await service.close();
  }
}
