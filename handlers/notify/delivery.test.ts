import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../kernel/json.ts';
import { Rig, settled, step, submission } from '../../testing/engine_rig.ts';
import { startHttpServer } from '../../testing/http_server.ts';
import { NO_MAIL, startMailServer } from '../../testing/mail_server.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('notify, in a cell, to real servers');

test('a signed webhook, a webhook with a secret path and a mail arrive, and their receipts are brought together', () =>
  Rig.with(async (rig) => {
    const key = Buffer.from('a signing key of 24 byte');
    const http = await startHttpServer((_request, response) => response.end('ok'));
    const mail = await startMailServer();
    try {
      const source = async (name: string, value: string) => {
        await writeFile(join(rig.directory, name), value);
        return { file: join(rig.directory, name) };
      };
      const here = { scheme: 'http', host: '127.0.0.1', port: http.port } as const;
      const { engine } = await rig.start({
        handlers: 'cells',
        config: {
          egress: { allow: [{ ...here, private: true }] },
          secrets: {
            HOOK: {
              source: await source('hook', `whsec_${key.toString('base64')}`),
              hosts: ['127.0.0.1'],
              plain_http: true,
            },
            SLACK: {
              source: await source('slack', 'T0/B0/xyz'),
              hosts: ['127.0.0.1'],
              positions: ['path'],
              plain_http: true,
            },
          },
          mail: {
            ...NO_MAIL,
            host: '127.0.0.1',
            port: mail.port,
            secure: 'none',
            from: 'weft@example.com',
            recipient_domains: ['example.com'],
          },
        },
      });
      const origin = `http://127.0.0.1:${http.port}`;
      const tell = step('tell', {
        catalog: 'notify',
        config: {
          recipients: [
            { webhook: { url: `${origin}/hook`, secret: '${secrets.HOOK}' } },
            { slack: { url: `${origin}/services/\${secrets.SLACK}` } },
            { email: { to: 'ada@example.com' } },
            { email: { to: 'eve@example.net' } },
          ],
          message: { subject: 'Done', text: 'Task ${task.id}' },
          require: 'any',
        },
      });
      const total = step('total', {
        catalog: 'aggregate',
        config: { group: { by: 'status', expression: '$count(values)' } },
        inputs: { items: '${steps.tell.result.deliveries}' },
        dependencies: ['tell'],
      });
      const frame = { egress: [here], secrets: ['HOOK', 'SLACK'] };
      const { task } = await engine.submit(submission([tell, total], { frame }));
      const done = await settled(engine, task.task_id);

      const [told, counted] = done.steps;
      assert.is(done.status, 'complete', JSON.stringify(told!.failure));
      assert.equal((counted!.result as JsonObject)['value'], { delivered: 3, failed: 1 });
      const { deliveries } = told!.result as { deliveries: { error: { code: string } | null; receipt: JsonObject }[] };
      assert.equal(
        deliveries.map(({ error }) => error?.code ?? null),
        [null, null, null, 'denied'],
      );

      const [hook, slack] = http.requests;
      const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = hook!.headers;
      const signed = createHmac('sha256', key).update(`${id}.${time}.${hook!.body}`).digest('base64');
      assert.is(signature, `v1,${signed}`);
      assert.is(slack!.url, '/services/T0/B0/xyz');
      assert.equal(JSON.parse(slack!.body), { text: `*Done*\nTask ${task.task_id}` });
      assert.equal(
        mail.mails.map(({ to }) => to),
        [['ada@example.com']],
      );
      assert.ok(mail.mails[0]!.text.includes(`Message-ID: ${deliveries[2]!.receipt['message_id']}`));
    } finally {
      await http.close();
      await mail.close();
    }
  }));
