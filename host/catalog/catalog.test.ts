import type { CatalogEntry } from '../../kernel/capability/types.ts';
import { WeftError } from '../../kernel/errors.ts';
import { nativeHandlers, noop } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { Catalog } from './catalog.ts';

const test = suite('catalog');

const [NOOP] = nativeHandlers([noop], 1).handlers as [CatalogEntry];
const entry = (version: string, digest = `sha256:${version}`, name = 'noop'): CatalogEntry => ({
  ...NOOP,
  name,
  version,
  digest,
});

test('the newest version that meets a range is offered; pre-releases only to ranges that name one', () => {
  const catalog = new Catalog();
  for (const version of ['1.2.0', '2.0.0-rc.1', '1.10.0', '0.9.0']) catalog.register(entry(version));
  const resolved = ['', '*', '^1', '~1.2', '<1', '^2', '>=2.0.0-rc.0'].map(
    (range) => catalog.resolve('noop', range)?.version,
  );
  assert.equal(resolved, ['1.10.0', '1.10.0', '1.10.0', '1.2.0', '0.9.0', undefined, '2.0.0-rc.1']);
  assert.is(catalog.resolve('other', ''), undefined);
});

test('the same component twice is one; the same version with another digest is refused', () => {
  const catalog = new Catalog();
  catalog.register(entry('1.0.0'));
  catalog.register(entry('1.0.0'));
  assert.is(catalog.entries().length, 1);
  assert.throws(
    () => catalog.register(entry('1.0.0', 'sha256:other')),
    (error: unknown) => error instanceof WeftError && error.code === 'handler_conflict',
  );
  assert.is(catalog.resolve('noop', '')?.digest, 'sha256:1.0.0');
});

test('what is kept is found by its digest and offered to nobody, until it is registered', () => {
  const catalog = new Catalog();
  catalog.keep(entry('1.0.0'));
  assert.is(catalog.byDigest('sha256:1.0.0')?.version, '1.0.0');
  assert.equal([catalog.resolve('noop', ''), catalog.entries()], [undefined, []]);
  catalog.register(entry('1.0.0'));
  assert.is(catalog.resolve('noop', '')?.digest, 'sha256:1.0.0');
});

test('entries are in order of name, then newest first', () => {
  const catalog = new Catalog();
  for (const [name, version] of [
    ['b', '1.0.0'],
    ['a', '1.0.0'],
    ['a', '1.1.0'],
  ] as const) {
    catalog.register(entry(version, `sha256:${name}${version}`, name));
  }
  assert.equal(
    catalog.entries().map(({ name, version }) => `${name}@${version}`),
    ['a@1.1.0', 'a@1.0.0', 'b@1.0.0'],
  );
});
