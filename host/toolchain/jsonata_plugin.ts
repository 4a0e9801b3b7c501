import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { makeSynchronous } from './jsonata_source.ts';

/** Replaces JSONata's source by its synchronous form, whoever imports it. */
export const synchronousJsonata: Plugin = {
  name: 'synchronous jsonata',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/]jsonata[\\/]jsonata\.js$/ }, async ({ path }) => ({
      contents: makeSynchronous(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};
