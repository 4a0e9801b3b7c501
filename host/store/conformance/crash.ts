import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type DeclareWithStore, type StoreFixture, walk } from './fixture.ts';

/** What a process that is killed leaves behind. */
export function crashBehaviours(test: DeclareWithStore): void {
  test('a process killed while it commits loses nothing that it acknowledged', async (store, fixture) => {
    await store.close();
    for (let kill = 1; kill <= 3; kill++) {
      const acknowledged = await killWriter(fixture, kill * 150);
      const again = await fixture.open();
      try {
        const attempts = new Map<string, number>();
        for (const row of await walk((cursor) => again.listDispatches({ limit: 500, ...cursor }))) {
          attempts.set(row.task_id, row.attempt);
        }
        for (const [task_id, seq] of acknowledged) {
          const events = (await again.readJournal(task_id)).flatMap((entry) => entry.events);
          assert.ok(events.length >= seq, `${task_id}: ${seq} acknowledged, ${events.length} there`);
          assert.deepEqual(
            events.map(({ at }) => at),
            events.map((_, i) => i + 1),
          );
          assert.equal(attempts.get(task_id), events.length, 'the outbox and the journal changed together');
        }
      } finally {
        await again.close();
      }
    }
  });
}

/** Starts a writer, kills it once it acknowledged so many commits, and gives the last of each task. */
async function killWriter(fixture: StoreFixture, commits: number): Promise<ReadonlyMap<string, number>> {
  const { module, export: name, options } = fixture.elsewhere;
  const writer = fileURLToPath(import.meta.resolve('./writer.ts'));
  const child = spawn(process.execPath, [writer, module, name, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lines += text.split('\n').length - 1;
    if (lines >= commits) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  // The last line may be torn.
  const whole = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(whole.map((line) => line.split(' ') as [string, string]).map(([id, seq]) => [id, Number(seq)]));
}
