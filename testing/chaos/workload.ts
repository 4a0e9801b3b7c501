import type { Json } from '../../kernel/json.ts';

/** A task of the harness and what it must have done outside when it is over. */
export interface Work {
  readonly key: string;
  readonly template: Json;
  readonly context: { readonly [key: string]: Json };
  /** Names of the steps that reach the effect server. */
  readonly effects: readonly string[];
}

const RETRY = { max_attempts: 10, backoff: 'none', base_ms: 20, max_ms: 200, jitter: 0.5 };

const effect = (name: string, dependencies: readonly string[], rest: { readonly [key: string]: Json } = {}): Json => ({
  name,
  handler: {
    catalog: 'http_request',
    config: { method: 'POST', url: `\${task.context.url}/${name}`, body: { json: { step: name } } },
  },
  dependencies,
  retry: RETRY,
  ...rest,
});

const shape = (name: string, dependencies: readonly string[], expression: string): Json => ({
  name,
  handler: { catalog: 'transform', config: { expression } },
  dependencies,
});

const frame = (name: string, port: number, steps: readonly Json[]): Json => ({
  name,
  version: '1.0.0',
  egress: [{ scheme: 'http', host: '127.0.0.1', port }],
  steps,
});

/** Mixed work: a chain, a fan, a decision that converges, a gate whose deadline approves. */
export function workload(tasks: number, url: string, port: number): Work[] {
  const chain = frame('chaos-chain', port, [effect('a', []), shape('b', ['a'], '{"ok": true}'), effect('c', ['b'])]);
  const fan = frame('chaos-fan', port, [
    shape('root', [], '{"n": 3}'),
    effect('x', ['root']),
    effect('y', ['root']),
    effect('z', ['root']),
    shape('join', ['x', 'y', 'z'], '{"done": true}'),
  ]);
  const branch = frame('chaos-branch', port, [
    {
      name: 'route',
      type: 'decision',
      handler: {
        catalog: 'decide',
        config: { rules: [{ when: 'n % 2 = 0', then: ['even'] }], default: { then: ['odd'] } },
      },
      inputs: { n: '${task.context.n}' },
    },
    effect('even', ['route']),
    effect('odd', ['route']),
    effect('end', ['even', 'odd'], { type: 'deferred' }),
  ]);
  const gate = frame('chaos-gate', port, [
    {
      name: 'ask',
      handler: { catalog: 'gate', config: { title: 'may it?', timeout_ms: 300, on_timeout: 'approve' } },
    },
    effect('after', ['ask']),
  ]);
  const kinds = [
    { template: chain, effects: () => ['a', 'c'] },
    { template: fan, effects: () => ['x', 'y', 'z'] },
    { template: branch, effects: (n: number) => [n % 2 === 0 ? 'even' : 'odd', 'end'] },
    { template: gate, effects: () => ['after'] },
  ];
  return Array.from({ length: tasks }, (_, n) => {
    const kind = kinds[n % kinds.length]!;
    return { key: `work-${n}`, template: kind.template, context: { url, n }, effects: kind.effects(n) };
  });
}
