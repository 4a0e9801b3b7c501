import type { Json, JsonObject } from '../../kernel/json.ts';
import { LARGE, LARGE_CHARACTERS, LOCKED } from '../chaos/effect_server.ts';
import { effect, frame, shape } from '../chaos/templates.ts';
import { type Work, workOf } from '../chaos/workload.ts';
import type { Random } from '../simulator/random.ts';
import { hostileActs, hostileSteps } from './hostile_handler.ts';
import type { HostileServer } from './hostile_server.ts';

/** How a task must end. */
export type Ending =
  | { readonly status: 'complete' }
  | { readonly status: 'cancelled' }
  /** Because the step `bad` failed so. */
  | { readonly status: 'error'; readonly code: string };

/** A task of the soak, what is done to it meanwhile and how it must end. */
export interface Job extends Work {
  /** What the report counts it under: `chain`, `loop`, … */
  readonly kind: string;
  readonly hostile: boolean;
  readonly ends: Ending;
  /** What an operator does to it at some moment. */
  readonly act?: 'pause' | 'cancel';
}

/** Where jobs reach the outside world. */
export interface Outside {
  readonly url: string;
  readonly port: number;
  readonly hostile: HostileServer;
}

/** `turn` counts the jobs of one maker, which goes round what it has to offer. */
type Maker = (n: number, outside: Outside, turn: number) => Job;

const MIXED = ['chain', 'batch', 'fan', 'gated_batch', 'branch', 'batch', 'gate', 'gated_batch'] as const;
/** Different large answers: as many blobs, whatever the number of tasks. */
const LARGE_ANSWERS = 8;
/** Few turns already come across misbehaviours of all sorts; prime, so that all have theirs. */
const TARGET_STRIDE = 17;
const PATIENT = { timeout_ms: 20_000 };
const IMPATIENT = { timeout_ms: 300 };

const complete = { status: 'complete' } as const;

const mixed: Maker = (n, { url, port }) => {
  const kind = MIXED[n % MIXED.length]!;
  return { ...workOf(n, url, port), kind, hostile: false, ends: complete };
};

const paused: Maker = (n, outside, turn) => ({ ...mixed(n, outside, turn), kind: 'paused', act: 'pause' });

function job(kind: string, n: number, outside: Outside, template: Json, rest: Partial<Job> & { context?: JsonObject }) {
  const key = `${kind}-${n}`;
  const base = { kind, key, template, hostile: false, ends: complete, effects: [], values: {}, items: {} } as const;
  return { ...base, ...rest, context: { url: outside.url, key, n, ...rest.context } } satisfies Job;
}

/** An answer of 300 KB comes in, is measured in another step and sent back. */
const largeAnswer: Maker = (n, outside) => {
  const path = `${LARGE}/${n % LARGE_ANSWERS}`;
  const template = frame('soak-large-answer', outside.port, [
    effect('get', [], {}, `${LARGE}/\${task.context.digit}`),
    {
      ...(shape('measure', ['get'], '{"value": $length(text)}') as JsonObject),
      inputs: { text: '${steps.get.result.body.text}' },
    },
    effect('send', ['measure'], {
      handler: {
        catalog: 'http_request',
        config: {
          method: 'POST',
          url: '${task.context.url}/${task.context.key}/send',
          body: { json: '${steps.get.result.body.text}' },
        },
      },
    }),
    {
      ...(shape('sent', ['send'], '{"value": bytes}') as JsonObject),
      inputs: { bytes: '${steps.send.result.body.bytes}' },
    },
  ]);
  return job('large_answer', n, outside, template, {
    context: { digit: String(n % LARGE_ANSWERS) },
    effects: [path, 'send'],
    // As a JSON text the value has its quotes as well.
    values: { measure: LARGE_CHARACTERS, sent: LARGE_CHARACTERS + 2 },
  });
};

/** A context of 300 KB, another for each task, so that there are blobs to collect. */
const largeContext: Maker = (n, outside) => {
  const template = frame('soak-large-context', outside.port, [
    {
      ...(shape('measure', [], '{"value": $length(text)}') as JsonObject),
      inputs: { text: '${task.context.text}' },
    },
    effect('end', ['measure']),
  ]);
  const text = `${n} `.repeat(LARGE_CHARACTERS).slice(0, LARGE_CHARACTERS);
  return job('large_context', n, outside, template, {
    context: { text },
    effects: ['end'],
    values: { measure: LARGE_CHARACTERS },
  });
};

const secret: Maker = (n, outside) => {
  const config = {
    method: 'POST',
    url: `\${task.context.url}/\${task.context.key}/${LOCKED}`,
    auth: { bearer: '${secrets.SOAK_KEY}' },
  };
  const template = frame(
    'soak-secret',
    outside.port,
    [effect('locked', [], { handler: { catalog: 'http_request', config } }), effect('end', ['locked'])],
    { secrets: ['SOAK_KEY'] },
  );
  return job('secret', n, outside, template, { effects: [LOCKED, 'end'] });
};

/** Waits for an answer that nobody gives, until it is cancelled. */
const abandoned: Maker = (n, outside) => {
  const ask = { name: 'ask', handler: { catalog: 'gate', config: { title: 'for ever?' } }, dependencies: ['before'] };
  const template = frame('soak-abandoned', outside.port, [effect('before', []), ask, effect('after', ['ask'])]);
  return job('abandoned', n, outside, template, { act: 'cancel', ends: { status: 'cancelled' } });
};

const rulesFor = ({ port, hostile }: Outside): JsonObject => ({
  egress: [port, hostile.port].map((each) => ({ scheme: 'http', host: '127.0.0.1', port: each })),
});

const hostileAct: Maker = (n, outside, turn) => {
  const acts = Object.entries(hostileActs(outside.hostile.url));
  const [name, act] = acts[turn % acts.length]!;
  const template = {
    ...(frame(`soak-${name}`, outside.port, hostileSteps(act, effect)) as JsonObject),
    ...rulesFor(outside),
  };
  return job(name, n, outside, template, {
    hostile: true,
    effects: ['before'],
    ends: { status: 'error', code: act.code },
  });
};

/** Loops for half a minute, unless somebody cancels it. */
const cancelledLoop: Maker = (n, outside) => {
  const loop = { config: { do: 'loop' }, code: 'timeout', step: { timeout_ms: 30_000 } };
  const template = frame('soak-cancelled-loop', outside.port, hostileSteps(loop, effect));
  return job('cancelled_loop', n, outside, template, { hostile: true, act: 'cancel', ends: { status: 'cancelled' } });
};

const hostileTarget: Maker = (n, outside, turn) => {
  const { path, code } = outside.hostile.targets[(turn * TARGET_STRIDE) % outside.hostile.targets.length]!;
  const config = {
    url: '${task.context.target}',
    timeout_ms: '${task.context.timeout_ms}',
    max_response_bytes: 1_000_000,
  };
  const steps = hostileSteps({ config, code }, effect).map((step) =>
    (step as JsonObject)['name'] === 'bad'
      ? { ...(step as JsonObject), handler: { catalog: 'http_request', config } }
      : step,
  );
  const template = { ...(frame('soak-target', outside.port, steps) as JsonObject), ...rulesFor(outside) };
  const { timeout_ms } = code === 'timeout' ? IMPATIENT : PATIENT;
  return job('target', n, outside, template, {
    context: { target: `${outside.hostile.url}${path}`, timeout_ms },
    hostile: true,
    effects: ['before'],
    ends: { status: 'error', code },
  });
};

/** Of a hundred jobs, how many are of which kind. */
const SHARES: readonly (readonly [number, Maker])[] = [
  [44, mixed],
  [6, paused],
  [6, largeAnswer],
  [4, largeContext],
  [8, secret],
  [6, abandoned],
  [14, hostileAct],
  [2, cancelledLoop],
  [10, hostileTarget],
];

/** Deals jobs without an end: each hundred has the same shares, in an order of its own. */
export class Jobs {
  readonly #outside: Outside;
  readonly #random: Random;
  readonly #dealt = new Map<Maker, number>();
  #count = 0;
  #deck: Maker[] = [];

  constructor(outside: Outside, random: Random) {
    this.#outside = outside;
    this.#random = random;
  }

  next(): Job {
    if (this.#deck.length === 0) this.#deck = SHARES.flatMap(([share, make]) => Array<Maker>(share).fill(make));
    const [make] = this.#deck.splice(this.#random.below(this.#deck.length), 1) as [Maker];
    const turn = this.#dealt.get(make) ?? 0;
    this.#dealt.set(make, turn + 1);
    return make(this.#count++, this.#outside, turn);
  }
}
