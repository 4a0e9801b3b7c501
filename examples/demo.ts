/** `npm run demo`: builds what is needed and runs both examples with a timeline of their steps. */
import { styleText } from 'node:util';
import { builtInHandlers } from '../host/catalog/built_in.ts';
import { painter } from '../host/cli/io.ts';
import { Timeline } from '../host/cli/timeline.ts';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import { packagePath } from '../host/toolchain/package_path.ts';
import { runApproval } from './approval/run.ts';
import type { Stage } from './example.ts';
import { runOrders } from './orders/run.ts';

const { stdout } = process;
const say = (line: string): boolean => stdout.write(`${line}\n`);
const title = (line: string): boolean => say(`\n${styleText('bold', line)}\n`);

function stage(): Stage {
  let timeline = new Timeline(painter(stdout));
  return {
    say: (line) => void say(line),
    show(event) {
      if (event.kind === 'task_created') timeline = new Timeline(painter(stdout));
      const line = timeline.line(event);
      if (line !== undefined) say(line);
    },
  };
}

title('Handlers: TypeScript compiled to WebAssembly components');
const built = await buildHandlers({
  directory: packagePath('handlers'),
  outDirectory: builtInHandlers(),
  onProgress: ({ name, status, duration_ms, manifest }) =>
    say(
      `${name.padEnd(14)} ${status.padEnd(8)} ${((manifest?.size_bytes ?? 0) / 2 ** 20).toFixed(1)} MB  ${(duration_ms / 1000).toFixed(1)} s`,
    ),
});
if (!built.ok) {
  for (const { message, file } of built.handlers.flatMap((handler) => handler.diagnostics))
    say(`${file ?? ''} ${message}`);
  process.exit(1);
}

title('Order intake: pages, bad records, a feed that asks to wait, a ledger that fails twice');
const { task, service } = await runOrders(stage());
const step = (name: string): Record<string, unknown> =>
  (task.steps.find((each) => each.name === name)?.result ?? {}) as Record<string, unknown>;
say(`\nthe shop's server saw:`);
for (const line of service.log) say(`  ${line}`);
say(`booked ${JSON.stringify(step('book_orders')['body'])} under ${service.booked.size} idempotency key`);
say(`left out ${JSON.stringify(step('total_orders')['left_out'])}`);

title('Approval routing: a decision, human gates, a step that waits for the paths that were taken');
const tasks = await runApproval(stage(), [700, 3_000, 7_000]);
say('');
for (const { context, status, steps } of tasks) {
  say(`${String(context['amount']).padStart(6)}  ${status}  ${steps.map(({ name }) => name).join(' → ')}`);
}

title('Where next');
say(`npx weft run examples/approval/template.yaml --context '{"amount": 7000}'   # and in a second terminal:
npx weft gate list
npx weft template graph examples/approval/template.yaml
npx weft handlers list
README.md, examples/*/README.md, ARCHITECTURE.md, docs/`);
