import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WeftError } from '../kernel/errors.ts';
import { assert, suite } from '../testing/suite.ts';
import { readTextFile } from './text.ts';

const test = suite('text from files');

const problemOf = (file: string): Promise<unknown> =>
  readTextFile(file).catch((error: unknown) => error instanceof WeftError && error.params['problem']);

test('is UTF-8, without its byte order mark, or is refused: nothing is replaced', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'weft-text-'));
  const file = path.join(directory, 'a.yaml');
  try {
    await writeFile(file, '\ufeffname: café 🧵');
    assert.is(await readTextFile(file), 'name: café 🧵');
    for (const encoding of ['latin1', 'utf16le'] as const) {
      await writeFile(file, '\ufeffname: café', encoding);
      assert.is(await problemOf(file), 'it is not UTF-8 text', encoding);
    }
    assert.is(await problemOf(directory), 'it is a folder');
    assert.is(await problemOf(path.join(directory, 'b.yaml')), 'it does not exist');
  } finally {
    await rm(directory, { recursive: true });
  }
});
