import { assert, suite } from '../../testing/suite.ts';
import { resultOf, SILENT } from '../example.ts';
import { runFulfilment } from './run.ts';
import { startFulfilmentService } from './service.ts';

const test = suite('example: order fulfilment');

test('tells the warehouse once with a right signature, and the people when a batch has no prices', async () => {
  const { priced, unpriced, service, mailbox } = await runFulfilment(SILENT);
  assert.is(priced.status, 'complete');
  assert.equal(resultOf(priced, 'check')['counts'], { total: 12, valid: 10, invalid: 2 });
  assert.is(service.log.filter((line) => line === 'POST /enrich → 503').length, 1);
  assert.is(service.log.filter((line) => line === 'POST /enrich → 200').length, 7);
  assert.is(service.log.filter((line) => line === 'POST /enrich → 422').length, 1);
  const attempts = priced.steps.filter(({ name }) => name.startsWith('enrich[')).map(({ attempt }) => attempt);
  assert.equal(attempts, [1, 2, 1, 1], 'only the batch that was refused is sent again');

  assert.equal(
    service.log.filter((line) => line.startsWith('POST /hooks')),
    ['POST /hooks → 202'],
  );
  const [hook] = [...service.hooks.values()] as [{ type: string; data: { orders: { id: string }[]; total: number } }];
  assert.is(hook.type, 'orders.priced');
  assert.equal(
    hook.data.orders.map(({ id }) => id),
    ['01', '02', '03', '04', '05', '07', '09', '10', '11', '12'].map((end) => `A-20${end}`),
  );
  assert.is(hook.data.total, 1_816);

  assert.is(unpriced.status, 'complete', 'that nothing was shipped is an outcome, and people know of it');
  assert.equal(
    unpriced.steps.filter(({ status }) => status === 'error').map(({ name }) => name),
    ['combine', 'enrich[3]'].toSorted(),
  );
  assert.not.ok(unpriced.steps.some(({ name }) => name === 'tell_warehouse'));
  assert.is(mailbox.mails.length, 1);
  const [mail] = mailbox.mails;
  assert.equal(mail!.to, ['orders@shop.example']);
  assert.is(mail!.subject, '1 of 4 batches of orders could not be priced');
  assert.match(mail!.text, 'order A-2013: nobody sells carpet');
});

test('the warehouse believes no message that is not signed', async () => {
  const service = await startFulfilmentService(0, 'whsec_d2VhdmluZyBpcyBhbiBvbGQgdHJhZGUgaW5kZWVk');
  try {
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      'webhook-signature': 'v1,bm90IHRoaXM=',
    };
    const forged = await fetch(`${service.url}/hooks`, { method: 'POST', headers, body: '{}' });
    assert.is(forged.status, 401);
    assert.is(service.hooks.size, 0);
  } finally {
    await service.close();
  }
});
