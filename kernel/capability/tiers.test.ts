import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { filterCatalog, tier } from './tiers.ts';
import type { CatalogEntry } from './types.ts';

const test = suite('catalog tiers');

function entry(name: string, version = '1.0.0', category = 'data'): CatalogEntry {
  const capability: CatalogEntry['capability'] = {
    name,
    version,
    title: 'A title',
    description: `Does ${name}.\nIn detail.`,
    category,
    configSchema: { type: 'object' },
    inputSchema: { type: 'object', required: ['in'] },
    outputSchema: { required: ['out'] },
    annotations: {},
    errors: [],
    imports: [],
    resources: { network: false, typicalLatencyMs: 1, memoryMb: 1, costPerCallUsd: 0 },
    composition: { usedWith: [], examples: [] },
  };
  return { name, version, digest: 'sha256:00', capability };
}

test('each tier tells more than the one before', () => {
  const one = { name: 'a', version: '1.0.0', category: 'data', summary: 'Does a.' };
  assert.equal(tier(entry('a'), 1), one);
  const { inputSchema, outputSchema } = entry('a').capability;
  assert.equal(tier(entry('a'), 2), { ...one, title: 'A title', inputSchema, outputSchema });
  assert.equal(tier(entry('a'), 3), entry('a').capability as unknown as typeof one);
});

test('filters by category and name', () => {
  const catalog = [entry('c', '1.0.0', 'human'), entry('b'), entry('a')];
  const names = (filter: Parameters<typeof filterCatalog>[1]) => filterCatalog(catalog, filter).map(({ name }) => name);
  assert.equal(names({}), ['a', 'b', 'c']);
  assert.equal(names({ categories: ['data'] }), ['a', 'b']);
  assert.equal(names({ names: ['c', 'a', 'nope'] }), ['a', 'c']);
  assert.equal(names({ categories: ['human'], names: ['a'] }), []);
  assert.equal(names({ names: [] }), []);
});

test('the order of registration changes nothing', () => {
  const catalog = [entry('a', '2.0.0'), entry('a'), entry('b'), entry('a_b'), entry('ab')];
  const sorted = filterCatalog(catalog);
  fc.assert(
    fc.property(fc.shuffledSubarray(catalog, { minLength: catalog.length }), (shuffled) => {
      assert.equal(filterCatalog(shuffled), sorted);
    }),
  );
});
