import { satisfies } from '../host/catalog/catalog.ts';
import { hostSchemaCompiler } from '../host/schemas.ts';
import { assert, suite } from '../testing/suite.ts';
import { createHooks } from './hooks/hooks.ts';
import type { JsonObject } from './json.ts';
import { createPlanningRegistries } from './planning/registry.ts';
import { applyPlugins, asPlugin, orderPlugins, type Plugin, type PluginEnvironment } from './plugin.ts';

const test = suite('plugins');

function plugin(name: string, rest: Partial<Plugin> = {}): Plugin {
  const optionsSchema = { type: 'object', additionalProperties: false, properties: { level: { type: 'integer' } } };
  return { name, version: '1.0.0', kernel: '^1', optionsSchema, apply: () => {}, ...rest };
}

function environment(options: Record<string, JsonObject> = {}): PluginEnvironment {
  const servicesFor = () => ({
    log: () => {},
    ...createPlanningRegistries(),
    configured_models: {},
    variable: () => undefined,
  });
  return { hooks: createHooks(), compiler: hostSchemaCompiler(), options, satisfies, servicesFor };
}

const names = (plugins: readonly Plugin[]) => plugins.map(({ name }) => name);

test('are applied after those they name, otherwise by name', () => {
  const ordered = orderPlugins([plugin('c'), plugin('a', { after: ['b', 'c'] }), plugin('b', { after: ['c'] })]);
  assert.equal(names(ordered), ['c', 'b', 'a']);
  assert.equal(names(orderPlugins([plugin('b'), plugin('c'), plugin('a')])), ['a', 'b', 'c']);
});

test('that come after each other are refused, with the circle', () => {
  const circle = [plugin('a', { after: ['b'] }), plugin('b', { after: ['c'] }), plugin('c', { after: ['b'] })];
  assert.throws(() => orderPlugins(circle), /"?b"? cannot be used: it comes after itself: b → c → b/);
});

test('with one name, or after a plugin that is not there, are refused', () => {
  assert.throws(() => orderPlugins([plugin('a'), plugin('a')]), /plugin a .* another one has the same name/);
  const lost = [plugin('audit_log'), plugin('b', { after: ['audit_lag'] })];
  assert.throws(() => orderPlugins(lost), /"audit_lag", which is not loaded; did you mean "audit_log"/);
});

test('get checked options, their own services, and hooks under their name', () => {
  const seen: unknown[] = [];
  const env = environment({ a: { level: 2 } });
  const taps: Plugin['apply'] = (hooks, options) => {
    seen.push(options);
    hooks.validatePolicy.tap(() => void seen.push(env.hooks.calling()));
  };
  applyPlugins([plugin('a', { apply: taps }), plugin('b', { apply: taps })], env);
  env.hooks.call('validatePolicy', {} as never, () => {});
  assert.equal(seen, [{ level: 2 }, {}, 'a', 'b']);
});

test('nothing is applied when one of them cannot be used', () => {
  let applied = 0;
  const good = plugin('a', { apply: () => void applied++ });
  const cases: [RegExp, Plugin, Record<string, JsonObject>?][] = [
    [/b cannot be used: it is written for kernel \^2, and this is 1\./, plugin('b', { kernel: '^2' })],
    [
      /its options in weft.yaml \/levl unknown key "levl" \(did you mean "level"\?\); \/level must be integer/,
      plugin('b'),
      { b: { level: 'x', levl: 1 } },
    ],
    [/optionsSchema \/type/, plugin('b', { optionsSchema: { type: 'objekt' } })],
    [/egress_polcy cannot be used: it has options, but it is not loaded/, plugin('b'), { egress_polcy: {} }],
  ];
  for (const [expected, bad, options] of cases) {
    assert.throws(() => applyPlugins([good, bad], environment(options)), expected);
  }
  assert.is(applied, 0);
});

test('that throw in apply are named', () => {
  const thrower = plugin('thrower', {
    apply: () => {
      throw new Error('no database');
    },
  });
  assert.throws(
    () => applyPlugins([thrower], environment()),
    /plugin thrower cannot be used: apply failed: no database/,
  );
});

test('from outside are taken only when every member is what it must be', () => {
  const good = plugin('fine_1');
  assert.is(asPlugin(good, 'file.ts'), good);
  assert.throws(() => asPlugin(undefined, 'file.ts'), /file.ts cannot be used: its default export is no plugin/);
  const bad = { name: 'Not Snake', kernel: 1, after: 'x', optionsSchema: [], apply: 'later' };
  assert.throws(
    () => asPlugin(bad, 'file.ts'),
    /name must be .*; version must be .*; kernel must be .*; after must be .*; optionsSchema must be .*; apply must be/,
  );
});
