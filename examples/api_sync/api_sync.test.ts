import { assert, suite } from '../../testing/suite.ts';
import { SILENT } from '../example.ts';
import { limiter } from './limiter.ts';
import { runApiSync } from './run.ts';
import { POISON } from './service.ts';

const test = suite('example: API synchronisation');

test('writes every contact once at the pace that both sides ask for, and names the one that cannot be written', async () => {
  const { task, service } = await runApiSync(SILENT);
  assert.is(task.status, 'complete');

  assert.ok(service.limited > 0, 'both sides close for a while');
  assert.is(service.violations, 0, 'nobody comes again before the time that was told');
  const good = service.contacts.map(({ id }) => id).filter((id) => id !== POISON);
  assert.equal([...service.effects.keys()].toSorted(), good);
  assert.equal([...new Set(service.effects.values())], [1], 'nothing took effect twice');
  assert.is(service.repeated, Math.floor(good.length / 9), 'each answer that was lost was asked for again');

  assert.equal(service.summaries, [
    {
      contacts: 40,
      written: 39,
      failed: [
        {
          id: POISON,
          why: `POST ${service.url}/target/contacts answered 500`,
          answer: JSON.stringify({ error: `${POISON} is more than this database can bear` }),
        },
      ],
    },
  ]);

  const failed = task.steps.filter(({ status }) => status === 'error');
  assert.equal(
    failed.map(({ name, attempt, failure }) => [name, attempt, failure?.['code']]),
    [['write_contact[22]', 6, 'http_status']],
  );
});

test('the limiter notices who comes again too early', () => {
  const gate = limiter({ requests: 1, pause_ms: 60_000 });
  assert.is(gate.admit('a'), undefined);
  assert.is(gate.admit('b')!.headers!['retry-after'], '60');
  assert.is(gate.violations, 0);
  assert.is(gate.admit('b')!.status, 429);
  assert.equal([gate.limited, gate.violations], [2, 1]);
});
