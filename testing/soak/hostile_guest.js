// A handler that does what `config.do` asks, none of it good.
import { nowMs } from 'weft:clock/wall-clock@1.0.0';
import { send } from 'weft:http/client@1.0.0';
import { log } from 'weft:log/logger@1.0.0';

const complete = (result) => ({ tag: 'complete', val: JSON.stringify(result) });
const recurse = (depth) => recurse(depth + 1) + 1;

const acts = {
  loop() {
    for (;;);
  },
  hoard() {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  },
  throw() {
    throw new Error('not a documented failure');
  },
  recurse: () => complete(recurse(0)),
  malformed: () => ({ tag: 'complete', val: 'not JSON' }),
  deep: () => ({ tag: 'complete', val: '['.repeat(100) + ']'.repeat(100) }),
  huge: ({ bytes }) => complete('x'.repeat(bytes)),
  shout({ bytes }) {
    log('warn', 'x'.repeat(bytes), '');
    return complete(null);
  },
  flood() {
    for (let line = 0; ; line++) log('warn', `line ${line}: ${'x'.repeat(1000)}`, '{"n":1}');
  },
  spin() {
    for (;;) nowMs();
  },
  pester({ url }) {
    const none = { tag: 'none' };
    const request = { method: 'GET', url, headers: [], body: none, auth: none };
    for (;;) {
      try {
        send({ ...request, timeoutMs: 1000, maxRedirects: 0, maxBytes: 1000 });
      } catch {
        // Refused: asked again at once.
      }
    }
  },
};

export const handler = {
  describe: () =>
    JSON.stringify({
      name: 'gremlin',
      version: '1.0.0',
      title: 'Gremlin',
      description: 'Misbehaves as its config says.',
      category: 'testing',
      configSchema: { type: 'object', properties: { do: { type: 'string' } }, required: ['do'] },
      inputSchema: { type: 'object' },
      outputSchema: {},
      annotations: {},
      errors: [],
      imports: ['weft:clock/wall-clock@1.0.0', 'weft:http/client@1.0.0', 'weft:log/logger@1.0.0'],
      resources: { network: true },
    }),
  run(step) {
    const config = JSON.parse(step.config);
    return acts[config.do](config);
  },
};
