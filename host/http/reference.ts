import { readFile, writeFile } from 'node:fs/promises';
import { packagePath } from '../toolchain/package_path.ts';
import type { Access, Route } from './route.ts';
import { ROUTES } from './routes/all.ts';

const BEGIN = '<!-- routes: written by `npx node host/http/reference.ts` -->\n';
const END = '<!-- end of routes -->';

const WHO: Readonly<Record<Access, string>> = {
  open: 'anybody',
  read: '`read`',
  submit: '`submit`',
  operate: '`operate`',
  administer: '`admin`',
  signal: 'whom the step asks',
};

/** docs/api.md with its table of routes as the routes say. */
export function withRoutes(text: string): string {
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest!.split(END);
  const rows = ROUTES.map(
    (route) => `| \`${route.method} ${route.path}\` | ${WHO[route.access]} | ${describe(route)} |`,
  );
  return [before, BEGIN, '\n| route | who | |\n| --- | --- | --- |\n', rows.join('\n'), '\n\n', END, after].join('');
}

function describe({ summary, query }: Route): string {
  const names = Object.keys(query ?? {}).map((name) => `\`${name}\``);
  return names.length === 0 ? summary : `${summary} Query: ${names.join(', ')}.`;
}

if (import.meta.main) {
  const file = packagePath('docs/api.md');
  await writeFile(file, withRoutes(await readFile(file, 'utf8')));
}
