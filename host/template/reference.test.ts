import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { assert, suite } from '../../testing/suite.ts';
import { openCatalog } from '../compose.ts';
import { loadConfig } from '../config/load.ts';
import { withKeys } from './reference.ts';

const test = suite('documentation of templates');

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

test('docs/templates.md lists the keys that the schema has', async () => {
  const written = await read('docs/templates.md');
  assert.is(written, withKeys(written), 'run `npx node host/template/reference.ts`');
});

test('the templates of the documentation are valid', async () => {
  const cache = fileURLToPath(new URL('../../build/test_cache', import.meta.url));
  const config = await loadConfig({ env: { WEFT_DATA_DIRECTORY: cache, WEFT_CACHE_DIRECTORY: cache } });
  const { check, close } = await openCatalog(config, { logger: pino({ level: 'silent' }) });
  for (const name of ['README.md', 'docs/templates.md']) {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(await read(name))!;
    const { diagnostics } = await check({ kind: 'text', text: text!, file: name });
    assert.equal(diagnostics, [], name);
  }
  await close();
});
