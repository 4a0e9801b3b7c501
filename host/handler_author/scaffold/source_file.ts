import type { ScaffoldPart } from './parts.ts';

/** `handler.ts` of a scaffold. @param sdk the specifier of a module of the SDK; of the SDK itself without a name. */
export function sourceFile(parts: readonly ScaffoldPart[], sdk: (module?: string) => string): string {
  const config = { greeting: 'string', ...Object.assign({}, ...parts.map((part) => part.config)) } as const;
  const taken = ['config', 'inputs', ...parts.flatMap(({ step }) => step)].join(', ');
  const result = Object.entries(Object.assign({ text: null }, ...parts.map((part) => part.result)) as object);
  const fields = result.map(([name, expression]) => (expression === null ? name : `${name}: ${expression}`));
  const statements = parts.flatMap((part) => part.statements);
  return [
    `import { complete, defineHandler, fail } from '${sdk()}';`,
    ...parts.map(({ module: [names, path] }) => `import { ${names} } from '${sdk(path)}';`).sort(bySpecifier),
    "import capability from './capability.json' with { type: 'json' };",
    '',
    '/** Meets `configSchema`; its defaults are filled in. */',
    'interface Config {',
    ...Object.entries(config).map(([key, type]) => `  readonly ${key}: ${type};`),
    '}',
    '',
    '/** Meets `inputSchema`. */',
    'interface Inputs {',
    '  readonly name: string;',
    '}',
    '',
    '/** Greets somebody. */',
    'export const handler = defineHandler<Config, Inputs>({',
    '  capability,',
    `  run({ ${taken} }) {`,
    "    if (inputs.name.trim() === '') fail('name_empty', '\"name\" is empty: there is nobody to greet');",
    '    const text = `${config.greeting}, ${inputs.name}!`;',
    ...statements.map((line) => `    ${line}`),
    `    return complete({ ${fields.join(', ')} });`,
    '  },',
    '});',
    '',
  ].join('\n');
}

function bySpecifier(a: string, b: string): number {
  const path = (line: string): string => line.slice(line.indexOf(" from '"));
  return path(a) < path(b) ? -1 : 1;
}
