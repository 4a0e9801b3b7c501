import type { Json } from '../../kernel/json.ts';
import { REFUSED } from './effect_server.ts';
import * as templates from './templates.ts';

/** A task of the harness and what must be true when it is over. */
export interface Work {
  readonly key: string;
  readonly template: Json;
  readonly context: { readonly [key: string]: Json };
  /** Paths of the effect server that it reaches, without the key before them. */
  readonly effects: readonly string[];
  /** What aggregates must come to, by step. */
  readonly values: Readonly<Record<string, Json>>;
  /** Items of each batch, by its worker step. */
  readonly items: Readonly<Record<string, readonly Json[]>>;
}

interface Kind {
  template(port: number): Json;
  of(n: number, key: string): Pick<Work, 'effects'> & Partial<Pick<Work, 'values' | 'items'>>;
}

const PLAIN: readonly Kind[] = [
  { template: templates.chain, of: () => ({ effects: ['a', 'c'] }) },
  { template: templates.fan, of: () => ({ effects: ['x', 'y', 'z'] }) },
  { template: templates.branch, of: (n) => ({ effects: [n % 2 === 0 ? 'even' : 'odd', 'end'] }) },
  { template: templates.gate, of: () => ({ effects: ['after'] }) },
];

const BATCHES: readonly Kind[] = [
  {
    template: templates.batch,
    of(n, key) {
      // From none to eight; the second of every other is refused, which the batch tolerates.
      const items = names(n % 9).map((name, index) => (index === 1 && n % 4 === 1 ? `${REFUSED}/${name}` : name));
      const paths = items.filter((item) => !item.startsWith(REFUSED)).map((item) => `work/${item}`);
      return { effects: [...paths, 'end'], values: { total: under(key, paths) }, items: { work: items } };
    },
  },
  {
    template: templates.gatedBatch,
    of(n, key) {
      const items = names(1 + (n % 4));
      const paths = items.map((item) => `work/${item}`);
      const values = { answers: items.map(() => 'approve'), total: under(key, paths) };
      return { effects: paths, values, items: { question: items, work: items } };
    },
  },
];

/** Mixed work; every second task has batches. */
export function workload(tasks: number, url: string, port: number): Work[] {
  return Array.from({ length: tasks }, (_, n) => workOf(n, url, port));
}

/** The task of that number in mixed work without an end. */
export function workOf(n: number, url: string, port: number): Work {
  const kinds = n % 2 === 1 ? BATCHES : PLAIN;
  const kind = kinds[Math.floor(n / 2) % kinds.length]!;
  const key = `work-${n}`;
  const { effects, values = {}, items = {} } = kind.of(n, key);
  const all = Object.values(items)[0] ?? [];
  return { key, template: kind.template(port), context: { url, key, n, items: all }, effects, values, items };
}

/** One task that fans out to so many steps, each with an effect. */
export function wideWork(workers: number, url: string, port: number): Work {
  const key = 'wide';
  const numbers = Array.from({ length: workers }, (_, index) => index + 1);
  const paths = numbers.map((number) => `work/${number}`);
  return {
    key,
    template: templates.wide(port, workers),
    context: { url, key, items: [] },
    effects: [...paths, 'end'],
    values: { total: under(key, paths) },
    items: { work: numbers },
  };
}

function names(many: number): string[] {
  return Array.from({ length: many }, (_, index) => `i${index}`);
}

function under(key: string, paths: readonly string[]): readonly string[] {
  return paths.map((path) => `/${key}/${path}`);
}
