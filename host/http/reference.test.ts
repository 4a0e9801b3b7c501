import { readFile } from 'node:fs/promises';
import { assert, suite } from '../../testing/suite.ts';
import { withRoutes } from './reference.ts';

const test = suite('documentation of the API');

test('docs/api.md lists the routes as they are', async () => {
  const written = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  assert.is(written, withRoutes(written), 'run `npx node host/http/reference.ts`');
});
