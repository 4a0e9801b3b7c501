import { tier } from '../kernel/capability/tiers.ts';
import type { CatalogEntry } from '../kernel/capability/types.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { PlanCall, PlanRequest } from '../kernel/planning/planner.ts';

/** A handler with a config, an input and an output of its own, and one example. */
export function catalogEntry(name: string, rest: Partial<CatalogEntry['capability']> = {}): CatalogEntry {
  const capability: CatalogEntry['capability'] = {
    name,
    version: '1.0.0',
    title: `The ${name}`,
    description: `Does ${name}.\nIn detail.`,
    category: 'data',
    configSchema: { type: 'object', properties: { [`${name}_option`]: { type: 'string' } } },
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
    annotations: {},
    errors: [],
    imports: [],
    resources: { network: false, typicalLatencyMs: 1, memoryMb: 1, costPerCallUsd: 0 },
    composition: {
      usedWith: [],
      examples: [{ title: `An example of ${name}`, config: { [`${name}_option`]: 'x' }, inputs: {} }],
    },
    ...rest,
  };
  return { name, version: '1.0.0', digest: `sha256:${name}`, capability };
}

/** What a planner is asked, as an engine with these handlers would ask. */
export function planRequest(entries: readonly CatalogEntry[], rest: Partial<PlanRequest> = {}): PlanRequest {
  return {
    task_id: 'task',
    step_id: 'step',
    step_name: 'plan',
    attempt: 1,
    call: 1,
    model: null,
    goal: 'Clean the data.',
    context: [{ reference: 'task.context', form: 'verbatim', size: 9, value: { rows: 3 } }],
    catalog: entries.map((entry) => tier(entry, 2)),
    constraints: {
      bounds: { max_fragment_steps: 10, max_fragment_depth: 5, max_fan_out: 10 },
      remaining: { llm_calls: 5, wall_clock_ms: 60_000 },
      allowance: { tokens: 1_000_000, cost_usd: 100 },
      attempts: { current: 1, max: 3 },
      output_schema: null,
      egress: [],
      secrets: [],
    },
    feedback: [],
    ...rest,
  };
}

/** What surrounds a call: the handlers whole. */
export function planCall(entries: readonly CatalogEntry[], signal = new AbortController().signal): PlanCall {
  const byName = new Map(entries.map((entry): [string, JsonObject] => [entry.name, tier(entry, 3)]));
  return { signal, describe: (name) => byName.get(name) };
}
