import assert from 'node:assert/strict';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { validateFragment } from '../../kernel/fragment/validate.ts';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { createPlanningRegistries } from '../../kernel/planning/registry.ts';
import { applyPlugins, asPlugin, type Plugin } from '../../kernel/plugin.ts';
import { validateTemplate } from '../../kernel/validation/validate.ts';
import { satisfies } from '../catalog/catalog.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import type { DeclareTest } from './model_adapter.ts';

/** A document, and what the validator says of it: `code pointer`, its own codes without its name, in any order. */
export interface ValidatorCase {
  readonly name: string;
  readonly options?: JsonObject;
  /** Exactly one of the two. */
  readonly template?: JsonObject;
  readonly fragment?: JsonObject;
  readonly findings: readonly string[];
}

/** A validator and documents to try it on. */
export interface ValidatorUnderTest {
  readonly plugin: Plugin;
  /** At least one that it accepts and one that it does not. */
  readonly cases: readonly ValidatorCase[];
  /** Handlers that the documents use, with whatever their capabilities say; their schemas take anything when absent. */
  readonly handlers: Readonly<Record<string, Partial<CatalogEntry['capability']>>>;
}

/**
 * The behaviours that every validator has.
 *
 * @example
 * validatorConformance(test, { plugin, handlers: { http_request: {} }, cases });
 */
export function validatorConformance(declare: DeclareTest, under: ValidatorUnderTest): void {
  const { plugin, cases } = under;

  declare('is a plugin that needs no options', async () => {
    assert.equal(asPlugin(plugin, 'the plugin'), plugin);
    judge(under, { template: {}, options: {} });
  });

  declare('is tried on something it accepts, and on something it does not', async () => {
    assert.ok(cases.some(({ findings }) => findings.length === 0) && cases.some(({ findings }) => findings.length > 0));
  });

  for (const each of cases) {
    declare(each.name, async () => {
      const found = judge(under, each);
      const said = found.map(({ code, pointer }) => `${code.replace(`${plugin.name}/`, '')} ${pointer}`);
      assert.deepEqual(said.sort(), [...each.findings].sort());
      assert.deepEqual(judge(under, each), found, 'the same document has the same findings');
      const document = each.template ?? each.fragment ?? {};
      for (const { pointer, message, code } of found) {
        assert.match(code, /\/[a-z][a-z0-9_]*$/, 'codes are snake_case');
        assert.ok(message.length > 0);
        assert.ok(exists(document, pointer), `${pointer} points to nothing in the document`);
      }
    });
  }

  declare('bears whatever is submitted as a template', async () => {
    const options = cases.find(({ findings }) => findings.length > 0)?.options ?? {};
    for (const template of HOSTILE) judge(under, { template, options });
  });
}

/** What the plugin found; that it changes nothing of what it is shown is part of it. @throws plugin errors */
function judge(
  { plugin, handlers }: ValidatorUnderTest,
  given: { readonly template?: Json; readonly fragment?: Json; readonly options?: JsonObject },
): readonly Diagnostic[] {
  const compiler = hostSchemaCompiler();
  const hooks = createHooks();
  // Applied before it, its tap sees the review first.
  hooks.forPlugin('conformance').validatePolicy.tap((review) => void freeze(review), { stage: -1_000_000 });
  applyPlugins([plugin], {
    hooks,
    compiler,
    options: { [plugin.name]: given.options ?? {} },
    satisfies,
    servicesFor: () => ({
      log: () => undefined,
      ...createPlanningRegistries(),
      configured_models: {},
      variable: () => undefined,
    }),
  });
  const environment = { catalog: catalogOf(handlers), satisfies, compiler, hooks };
  const result =
    given.fragment === undefined
      ? validateTemplate(structuredClone(given.template ?? {}), environment)
      : validateFragment(
          { kind: 'document', document: structuredClone(given.fragment) },
          {
            ...environment,
            template: { name: 'frame', namespace: 'default' },
            planning_step: 'plan',
            phase: 1,
            around: [],
            grants: { egress: [{ host: '*.example.com' }], secrets: ['TOKEN'] },
            bounds: {},
          },
        );
  const diagnostics = 'diagnostics' in result ? result.diagnostics : result.valid.warnings;
  return diagnostics.filter(({ code }) => code.startsWith(`${plugin.name}/`));
}

function catalogOf(handlers: ValidatorUnderTest['handlers']): readonly CatalogEntry[] {
  return Object.entries(handlers).map(([name, rest]) => ({
    name,
    version: '1.0.0',
    digest: `sha256:${name}`,
    capability: {
      name,
      version: '1.0.0',
      title: name,
      description: name,
      category: 'data',
      configSchema: {},
      inputSchema: {},
      outputSchema: {},
      annotations: {},
      errors: [],
      imports: [],
      resources: { network: false, typicalLatencyMs: 1, memoryMb: 1, costPerCallUsd: 0 },
      composition: { usedWith: [], examples: [] },
      ...rest,
    },
  }));
}

/** Whatever is no object is a document too. */
const HOSTILE: readonly Json[] = [
  null,
  [],
  'text',
  { steps: null },
  { steps: [null, 1, 'a', [], {}] },
  { steps: [{ handler: null }, { handler: { catalog: 5, config: [] } }, { handler: { catalog: '' } }] },
  { name: [], namespace: {}, egress: 'all', secrets: [1, null, 'A'], catalog: {} },
  JSON.parse('{"steps": [{"__proto__": {"name": "a"}, "constructor": 1, "handler": {"catalog": "__proto__"}}]}'),
  {
    name: '__proto__',
    secrets: ['__proto__', 'constructor'],
    steps: [{ name: 'toString', retry: { max_attempts: '9' } }],
  },
];

function exists(document: Json, pointer: string): boolean {
  let at: Json | undefined = document;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as JsonObject)[key];
  }
  return true;
}

/** All that can be reached by keys; catalogs belong to others. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}
