import { readFile } from 'node:fs/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Stage, startExample } from '../example.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { type FulfilmentService, startFulfilmentService } from './service.ts';

/** The key of the warehouse's webhooks; the operator has it in the environment. */
const WAREHOUSE_HOOK = 'whsec_d2VhdmluZyBpcyBhbiBvbGQgdHJhZGUgaW5kZWVk';

/** What was sent where, and the tasks that sent it. */
export interface Fulfilment {
  readonly priced: TaskView;
  readonly unpriced: TaskView;
  readonly service: FulfilmentService;
  readonly mailbox: Mailbox;
}

/** Sends two lists of orders through the workflow: one that can be priced, and the same with an order that cannot. */
export async function runFulfilment(stage: Stage): Promise<Fulfilment> {
  const orders = JSON.parse(await readFile(new URL('orders.json', import.meta.url), 'utf8')) as JsonObject[];
  const service = await startFulfilmentService(0, WAREHOUSE_HOOK);
  const mailbox = await startMailbox(0);
  const weft = await startExample(import.meta.dirname, {
    ports: { 7434: service.port, 7435: mailbox.port },
    env: { WAREHOUSE_HOOK },
  });
  try {
    const run = (list: JsonObject[]) => weft.run({ service_url: service.url, orders: list }, stage);
    stage.say('orders that can be priced');
    const priced = await run(orders);
    stage.say('\nthe same with one that nobody sells');
    const unpriced = await run([...orders, { id: 'A-2013', sku: 'carpet', quantity: 1 }]);
    return { priced, unpriced, service, mailbox };
  } finally {
    await weft.close();
    await mailbox.close();
    await service.close();
  }
}

/** The same with what the warehouse and the people of the shop were told. */
export async function showFulfilment(stage: Stage): Promise<void> {
  const { service, mailbox } = await runFulfilment(stage);
  stage.say('\nthe warehouse was told, with a signature that it has checked:');
  for (const { type, data } of service.hooks.values()) stage.say(`  ${type} ${JSON.stringify(data)}`);
  stage.say('the people of the shop have mail:');
  for (const { to, subject, text } of mailbox.mails) stage.say(`  to ${to.join(', ')}: ${subject}\n\n${text}`);
}
