import { readFile, writeFile } from 'node:fs/promises';
import { FRAGMENT_SCHEMA } from '../../kernel/fragment/schema.ts';
import { tableOf } from '../template/reference.ts';
import { packagePath } from '../toolchain/package_path.ts';

const BEGIN = '<!-- keys: written by `npx node host/fragment/reference.ts` -->\n';
const END = '<!-- end of keys -->\n';

/** docs/fragments.md with its tables of keys as the schema says. */
export function withFragmentKeys(text: string): string {
  const [before] = text.split(BEGIN);
  const tables = [
    `\n## Keys of a fragment\n\n${tableOf(FRAGMENT_SCHEMA)}`,
    `\n## Keys of a step\n\n${tableOf(FRAGMENT_SCHEMA.$defs.step)}\n`,
  ];
  return [before, BEGIN, ...tables, END].join('');
}

if (import.meta.main) {
  const file = packagePath('docs/fragments.md');
  await writeFile(file, withFragmentKeys(await readFile(file, 'utf8')));
}
