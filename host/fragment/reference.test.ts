import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { frameContext, freeContext } from '../../kernel/fragment/surroundings.ts';
import { assert, suite } from '../../testing/suite.ts';
import { satisfies } from '../catalog/catalog.ts';
import { openCatalog } from '../compose.ts';
import { loadConfig } from '../config/load.ts';
import { checkFragmentText } from './check.ts';
import { withFragmentKeys } from './reference.ts';

const test = suite('documentation of fragments');

const FRAME = {
  name: 'orders',
  egress: [{ host: 'api.example.com' }],
  steps: [
    { name: 'load', handler: { catalog: 'http_request', config: { url: 'https://api.example.com/orders' } } },
    { name: 'plan', dependencies: ['load'], handler: { catalog: 'transform', config: { expression: 'a' } } },
  ],
};

const read = () => readFile(new URL('../../docs/fragments.md', import.meta.url), 'utf8');

test('docs/fragments.md lists the keys that the schema has', async () => {
  const written = await read();
  assert.is(written, withFragmentKeys(written), 'run `npx node host/fragment/reference.ts`');
});

test('the fragment of the documentation is valid where it says that it is', async () => {
  const [, text] = /```json\n([\s\S]*?)```/.exec(await read())!;
  const cache = fileURLToPath(new URL('../../build/test_cache', import.meta.url));
  const config = await loadConfig({ env: { WEFT_DATA_DIRECTORY: cache, WEFT_CACHE_DIRECTORY: cache } });
  const view = await openCatalog(config, { logger: pino({ level: 'silent' }) });
  const env = { catalog: view.catalog.entries(), satisfies, compiler: view.compiler, hooks: view.hooks };
  const { compiled } = view.checker.check({ kind: 'document', document: FRAME });
  const file = { text: text!, file: 'docs/fragments.md' };
  const inFrame = checkFragmentText(file, frameContext(compiled!, 'plan', env)!);
  assert.equal([inFrame.diagnostics, inFrame.valid?.bounds.steps], [[], 23]);
  // Alone it has nothing to refer to, and no host to call.
  const alone = checkFragmentText(file, freeContext(env));
  assert.equal(
    alone.diagnostics.map(({ code, line }) => [code, line]),
    [
      ['reference_unknown_step', 6],
      ['egress_policy/host_undeclared', 8],
    ],
  );
  await view.close();
});
