import type { Json } from '../../kernel/json.ts';

export const RETRY = { max_attempts: 10, backoff: 'none', base_ms: 20, max_ms: 200, jitter: 0.5 };

export interface Rest {
  readonly [key: string]: Json;
}

/** A step that reaches the effect server at `/<key of the task>/<path>`. */
export const effect = (name: string, dependencies: readonly string[], rest: Rest = {}, path = name): Json => ({
  name,
  handler: {
    catalog: 'http_request',
    config: {
      method: 'POST',
      url: `\${task.context.url}/\${task.context.key}/${path}`,
      body: { json: { step: name } },
    },
  },
  dependencies,
  retry: RETRY,
  ...rest,
});

export const shape = (name: string, dependencies: readonly string[], expression: string): Json => ({
  name,
  handler: { catalog: 'transform', config: { expression } },
  dependencies,
});

/** `source` is JSONata over `{items}`. */
const spread = (name: string, dependencies: readonly string[], config: Rest): Json => ({
  name,
  type: 'batchable',
  handler: { catalog: 'fan_out', config: { max_items: 10_000, ...config } },
  inputs: { items: '${task.context.items}' },
  dependencies,
});

const worker = { type: 'batch_worker' } as const;

/** Lists what `select` takes of each worker's result, so that one that is lost or doubled shows. */
const gather = (name: string, batch: string, select: string, failures = 0): Json => ({
  name,
  handler: { catalog: 'aggregate', config: { concat: {}, select, tolerance: { count: failures } } },
  inputs: { items: `\${steps.${batch}.results}` },
  dependencies: [batch],
});

export const frame = (name: string, port: number, steps: readonly Json[], rest: Rest = {}): Json => ({
  name,
  version: '1.0.0',
  ...rest,
  egress: [{ scheme: 'http', host: '127.0.0.1', port }],
  steps,
});

export const chain = (port: number): Json =>
  frame('chaos-chain', port, [effect('a', []), shape('b', ['a'], '{"ok": true}'), effect('c', ['b'])]);

export const fan = (port: number): Json =>
  frame('chaos-fan', port, [
    shape('root', [], '{"n": 3}'),
    effect('x', ['root']),
    effect('y', ['root']),
    effect('z', ['root']),
    shape('join', ['x', 'y', 'z'], '{"done": true}'),
  ]);

export const branch = (port: number): Json =>
  frame('chaos-branch', port, [
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

/** Nobody answers: its deadline approves. */
export const gate = (port: number): Json =>
  frame('chaos-gate', port, [
    {
      name: 'ask',
      handler: { catalog: 'gate', config: { title: 'may it?', timeout_ms: 300, on_timeout: 'approve' } },
    },
    effect('after', ['ask']),
  ]);

/** Effects in workers, three at once; one item may be refused for good. */
export const batch = (port: number): Json =>
  frame('chaos-batch', port, [
    spread('spread', [], { max_concurrency: 3, tolerance: { count: 1 } }),
    effect('work', ['spread'], worker, 'work/${batch.item}'),
    gather('total', 'work', 'body.path', 1),
    effect('end', ['total']),
  ]);

/** People answer each worker of one batch, and then there is another. */
export const gatedBatch = (port: number): Json =>
  frame('chaos-gated-batch', port, [
    spread('ask', [], {}),
    {
      name: 'question',
      ...worker,
      handler: { catalog: 'gate', config: { title: 'May ${batch.item}?', audience: ['chaos'] } },
      dependencies: ['ask'],
    },
    gather('answers', 'question', 'decision'),
    spread('spread', ['answers'], { max_concurrency: 2 }),
    effect('work', ['spread'], worker, 'work/${batch.item}'),
    gather('total', 'work', 'body.path'),
  ]);

/** One fan-out to many. */
export const wide = (port: number, workers: number): Json =>
  frame('chaos-wide', port, [
    spread('spread', [], { source: `[1..${workers}]` }),
    effect('work', ['spread'], worker, 'work/${batch.item}'),
    gather('total', 'work', 'body.path'),
    effect('end', ['total']),
  ]);
