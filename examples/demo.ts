/** `npm run demo [-- NAME…]`: builds what is needed and runs the examples with a timeline of their steps. */
import { builtInHandlers } from '../host/catalog/built_in.ts';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import { packagePath } from '../host/toolchain/package_path.ts';
import { showApiSync } from './api_sync/run.ts';
import { showApproval } from './approval/run.ts';
import type { Stage } from './example.ts';
import { showFulfilment } from './fulfilment/run.ts';
import { showInventory } from './inventory/run.ts';
import { showOrders } from './orders/run.ts';
import { terminal, title } from './terminal.ts';

interface Shown {
  readonly title: string;
  show(stage: Stage): Promise<void>;
}

const EXAMPLES: Readonly<Record<string, Shown>> = {
  orders: {
    title: 'Order intake: pages, bad records, a feed that asks to wait, a ledger that fails twice',
    show: showOrders,
  },
  approval: {
    title: 'Approval routing: a decision, human gates, a step that waits for the paths that were taken',
    show: showApproval,
  },
  fulfilment: {
    title: 'Order fulfilment: batches enriched side by side, a signed webhook or a mail at the end',
    show: showFulfilment,
  },
  inventory: {
    title: 'Inventory: a thousand lines of CSV, checked, analysed in five batches, put together',
    show: showInventory,
  },
  api_sync: {
    title: 'Synchronisation: rate limits on both sides, lost answers, a record that cannot be written',
    show: showApiSync,
  },
};

const { say } = terminal();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(EXAMPLES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `there is no example "${unknown.join('", "')}"; there are ${Object.keys(EXAMPLES).join(', ')}\n`,
  );
  process.exit(2);
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

for (const [name, { title: line, show }] of Object.entries(EXAMPLES)) {
  if (named.length > 0 && !named.includes(name)) continue;
  title(line);
  await show(terminal());
}

title('Where next');
say(`npx weft run examples/approval/template.yaml --context '{"amount": 7000}'   # and in a second terminal:
npx weft gate list
npx weft template graph examples/inventory/template.yaml
npx weft handlers list
README.md, examples/*/README.md, ARCHITECTURE.md, docs/`);
