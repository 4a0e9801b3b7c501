import { glob, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { assert, suite } from './suite.ts';

const test = suite('architecture');

/** What each part may import: other parts by folder, packages by name. Tests may import anything. */
const MAY_IMPORT: Record<string, { readonly parts: readonly string[]; readonly packages: readonly string[] | 'any' }> =
  {
    kernel: { parts: ['kernel'], packages: ['tapable', 'ajv'] },
    handlers: { parts: ['handlers', 'wit'], packages: 'any' },
    'planner-plugins': { parts: ['planner-plugins', 'kernel/index.ts'], packages: 'any' },
    host: { parts: ['host', 'kernel'], packages: 'any' },
  };

/** Where time or chance would enter the kernel. */
const IMPURE =
  /\bDate\s*\.\s*now|\bnew Date\(\)|\bMath\s*\.\s*random|\bperformance\s*\.|\bcrypto\b|\bprocess\s*\.|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bfetch\(|\bTemporal\s*\.\s*Now/;

interface Source {
  readonly file: string;
  readonly text: string;
}

async function sourcesOf(folder: string): Promise<Source[]> {
  const sources: Source[] = [];
  for await (const file of glob(`${folder}/**/*.{ts,js}`)) {
    if (!file.endsWith('.test.ts') && !file.includes('node_modules'))
      sources.push({ file, text: await readFile(file, 'utf8') });
  }
  return sources;
}

function importsOf({ text }: Source): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g)].map((match) => match[1]!);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

for (const [part, allowed] of Object.entries(MAY_IMPORT)) {
  test(`${part}/ imports only what it may`, async () => {
    const sources = await sourcesOf(part);
    assert.ok(sources.length > 0, `no sources in ${part}/`);
    const wrong: string[] = [];
    for (const source of sources) {
      for (const specifier of importsOf(source)) {
        if (!mayImport(source.file, specifier, allowed)) wrong.push(`${source.file} imports ${specifier}`);
      }
    }
    assert.equal(wrong, []);
  });
}

function mayImport(file: string, specifier: string, { parts, packages }: (typeof MAY_IMPORT)[string]): boolean {
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier));
    return parts.some((part) => target === part || target.startsWith(`${part}/`)) || target === 'package.json';
  }
  const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(specifier);
  if (isBuiltin) return packages === 'any';
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return packages === 'any' || packages.includes(name);
}

test('kernel/ has no clock, no chance and no I/O', async () => {
  const wrong = (await sourcesOf('kernel')).filter(({ text }) => IMPURE.test(withoutComments(text)));
  assert.equal(
    wrong.map(({ file, text }) => `${file}: ${IMPURE.exec(withoutComments(text))?.[0]}`),
    [],
  );
});

test('exactly one file wires the host', async () => {
  const wiring = (await sourcesOf('host')).filter((source) =>
    ['orchestrator.ts', 'broker.ts'].every((end) => importsOf(source).some((specifier) => specifier.endsWith(end))),
  );
  assert.equal(
    wiring.map(({ file }) => file),
    ['host/compose.ts'],
  );
});

test('no file is longer than a reader can hold', async () => {
  const long: string[] = [];
  for (const folder of [...Object.keys(MAY_IMPORT), 'testing', 'bench', 'examples']) {
    for (const { file, text } of await sourcesOf(folder)) {
      const lines = text.split('\n').length;
      if (lines > 400 && !file.includes('/generated/')) long.push(`${file}: ${lines}`);
    }
  }
  assert.equal(long, []);
});

test('every dependency is imported by something', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const imported = new Set<string>();
  for (const folder of [...Object.keys(MAY_IMPORT), 'testing', 'bench']) {
    for (const source of await sourcesOf(folder)) {
      for (const specifier of importsOf(source))
        imported.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  }
  // Node itself arrives as a package: npm scripts and the launcher run on it.
  const unused = Object.keys(dependencies).filter((name) => name !== 'node' && !imported.has(name));
  assert.equal(unused, []);
});
