import type { TaskView } from '../../host/orchestrator/port.ts';
import { type Stage, startExample } from '../example.ts';
import { type InventoryService, type Report, startInventoryService } from './service.ts';

/** Analyses the warehouse's export once and says how it went. */
export async function runInventory(
  stage: Stage,
): Promise<{ readonly task: TaskView; readonly service: InventoryService }> {
  const service = await startInventoryService(0);
  const weft = await startExample(import.meta.dirname, { ports: { 7433: service.port } });
  try {
    return { task: await weft.run({ service_url: service.url }, stage), service };
  } finally {
    await weft.close();
    await service.close();
  }
}

/** The same with the report that the service was sent. */
export async function showInventory(stage: Stage): Promise<void> {
  const { service } = await runInventory(stage);
  const [{ total, left_out }] = [...service.reports.values()] as [Report];
  stage.say(`\nthe service was sent: ${total.articles} articles worth ${total.value}, ${total.low_stock} low in stock`);
  for (const [name, { articles, value }] of Object.entries(total.categories)) {
    stage.say(`  ${name.padEnd(4)}  ${articles} articles worth ${value}`);
  }
  stage.say(`most are missing of ${total.most_missing.map(({ sku, missing }) => `${sku} (${missing})`).join(', ')}`);
  stage.say('left out:');
  for (const { line, sku, reasons } of left_out) stage.say(`  line ${line}, ${sku}: ${reasons.join('; ')}`);
}
