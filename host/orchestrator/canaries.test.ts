import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { JsonObject } from '../../kernel/json.ts';
import { type Canary, canaries, findCanaries } from '../../testing/canaries.ts';
import { Rig, step, submission } from '../../testing/engine_rig.ts';
import { type SeenRequest, startHttpServer } from '../../testing/http_server.ts';
import { assert, suite } from '../../testing/suite.ts';
import { loadConfig } from '../config/load.ts';
import type { OperatorConfig, SecretConfig } from '../config/types.ts';
import { openNetworkDoor, serveApi } from '../http/serve.ts';

const test = suite('engine: canaries');

const CANARIES = canaries(50);
const PATIENCE_MS = 240_000;
const POSITIONS = ['auth', 'header', 'query', 'body'] as const;

/** Tells a caller all it was told, in every encoding, and fails as the path says. */
async function startGossip(killCells: () => Promise<void>) {
  const seen = new Set<string>();
  const tell = (response: ServerResponse, status: number, told: string): void => {
    const bytes = Buffer.from(told);
    const body = {
      told,
      json: JSON.stringify(told),
      url: encodeURIComponent(told),
      form: new URLSearchParams({ told }).toString(),
      base64: ['', 'a', 'ab'].map((before) => Buffer.from(before + told).toString('base64')),
      base64url: bytes.toString('base64url'),
      hex: [bytes.toString('hex'), bytes.toString('hex').toUpperCase()],
      basic: [...told.matchAll(/Basic ([\w+/=]+)/g)].map(([, coded]) => Buffer.from(coded!, 'base64').toString()),
      // Nothing looks for this; a guest that undoes it has the value.
      reversed: [...told].reverse().join(''),
    };
    const headers = { 'content-type': 'application/json', 'x-request-id': encodeURIComponent(told).slice(0, 4_000) };
    response.writeHead(status, headers).end(JSON.stringify(body));
  };
  return startHttpServer(async ({ url, headers, body }: SeenRequest, response) => {
    const [, act = ''] = /^\/(\w+)/.exec(url) ?? [];
    const first = !seen.has(url);
    seen.add(url);
    // Of a redirect that repeats what was told, only what it repeats: two encodings deep is what is promised.
    const asked = act === 'there' ? [] : [url, body];
    const told = [...Object.values(headers).flat(), ...asked, decodeURIComponent(url)].join('\n');
    if (act === 'crash' && first) await killCells();
    else if (act === 'refuse') tell(response, 403, told);
    else if (act === 'later' && first) tell(response, 503, told);
    else if (act === 'move' && first) response.writeHead(302, { location: `/there?${encodeURIComponent(told)}` }).end();
    else if (act === 'away')
      response.writeHead(307, { location: `http://elsewhere.test/${encodeURIComponent(told)}` }).end();
    else if (act === 'cut')
      response.writeHead(200, { 'content-length': '100000' }).write(told, () => response.destroy());
    else tell(response, 200, told);
  });
}

/** The cells are this process's only children. */
async function killCells(): Promise<void> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL');
}

const ACTS = ['tell', 'refuse', 'later', 'undo', 'move', 'cut', 'away'];

function canaryStep({ name }: Canary, index: number, port: number): JsonObject {
  const secret = `\${secrets.${name}}`;
  const act = index === 11 || index === 30 ? 'crash' : ACTS[index % ACTS.length]!;
  const uses: JsonObject[] = [
    { auth: { bearer: secret } },
    { auth: { basic: { username: 'me', password: secret } } },
    { auth: { api_key: { value: secret } } },
    { auth: { api_key: { value: secret, in: 'query' } } },
    { headers: { 'x-token': `token ${secret}` } },
    { query: { token: secret } },
    { body: { json: { token: secret } } },
    { body: { form: { token: secret } } },
    { auth: { hmac: { secret } }, body: { json: { token: secret } } },
  ];
  const use = uses[index % uses.length]!;
  return step(`use_${index}`, {
    catalog: 'http_request',
    config: {
      url: `http://127.0.0.1:${port}/${act}/${index}`,
      method: 'body' in use ? 'POST' : 'GET',
      response_headers: ['*'],
      ...(act === 'undo'
        ? { include_body: false, response_extract: '$join($reverse($split(body.reversed, "")))' }
        : {}),
      ...use,
    },
    retry: { max_attempts: 5, backoff: 'none', base_ms: 1 },
    on_failure: 'continue',
    ...(index % 5 === 4 ? { dependencies: [`use_${index - 1}`] } : {}),
  });
}

test('fifty secrets are used in every way, refused, repeated, crashed upon: none is in store, log, API or receipts', () =>
  Rig.with(async (rig) => {
    const server = await startGossip(killCells);
    const apart = await mkdtemp(join(tmpdir(), 'weft-canaries-'));
    const secrets: Record<string, SecretConfig> = {};
    for (const { name, value } of CANARIES) {
      const file = join(apart, name);
      await writeFile(file, value);
      secrets[name] = { source: { file }, hosts: ['127.0.0.1'], positions: POSITIONS, plain_http: true };
    }
    const lines: JsonObject[] = [];
    const { limits, api } = await loadConfig({ cwd: rig.directory, env: {} });
    const rule = { scheme: 'http', host: '127.0.0.1', port: server.port } as const;
    const config: Partial<OperatorConfig> = { secrets, limits, egress: { allow: [{ ...rule, private: true }] } };
    const { engine } = await rig.start({ handlers: 'cells', config, onLog: (line) => void lines.push(line) });
    const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(JSON.parse(line)) });
    const served = await serveApi({
      engine,
      logger,
      version: 'test',
      config: {
        ...(await loadConfig({ cwd: rig.directory, env: {} })),
        data_directory: rig.directory,
        api: { ...api, port: 0 },
      },
      network: openNetworkDoor({ ...api, port: 0 }, {}),
    });
    try {
      const frame = { egress: [rule], secrets: CANARIES.map(({ name }) => name) };
      const steps = CANARIES.map((canary, index) => canaryStep(canary, index, server.port));
      // One who repeats a result into another step, and logs of it.
      steps.push(
        step('again', {
          catalog: 'transform',
          dependencies: ['use_3', 'use_10'],
          config: { expression: '$' },
          inputs: { undone: '${steps.use_3.result}', told: '${steps.use_10.result}' },
        }),
      );
      const { task } = await engine.submit(submission(steps, { frame }));
      // Fifty steps in two cells take longer than a rig is patient.
      for await (const _ of engine.watch(task.task_id, 0, AbortSignal.timeout(PATIENCE_MS)));

      const answers: Record<string, string> = {};
      const get = async (path: string): Promise<void> => {
        answers[path] = await (await fetch(`${served.url}${path}`)).text();
      };
      await get('/v1/tasks');
      await get(`/v1/tasks/${task.task_id}`);
      await get(`/v1/tasks/${task.task_id}/events?limit=1000`);
      for (const { name } of (await engine.task(task.task_id)).steps) {
        await get(`/v1/tasks/${task.task_id}/steps/${name}`);
      }
      const { steps: ended } = await engine.task(task.task_id);
      const journal = JSON.stringify(await engine.events(task.task_id, 0, 10_000));

      // What was meant to happen did: every canary went out, came back, and was taken out.
      const told = JSON.stringify(server.requests);
      const sent = CANARIES.filter(({ core }) => told.includes(core) || told.includes(btoa(core).slice(4, 8)));
      assert.ok(sent.length > 40, `${sent.length} were sent`);
      const used = lines.filter((line) => (line['audit'] as JsonObject | undefined)?.['kind'] === 'secret_used');
      const names = new Set(used.map((line) => (line['audit'] as JsonObject)['secret']));
      assert.ok(names.size > 40, `${names.size} were used`);
      const codes = new Set(ended.map(({ failure }) => failure?.['code']).filter((code) => code !== undefined));
      assert.ok(codes.has('http_status') && codes.size >= 3, [...codes].join(', '));
      assert.match(journal, /"cell_crashed"/);
      assert.ok(journal.match(/\[redacted:CANARY_/g)!.length > 200);
      assert.match(JSON.stringify(ended.find(({ name }) => name === 'use_3')!.result), /\[redacted:CANARY_3\]/);
      const uses = ended.flatMap(({ receipt }) => (receipt?.['secret_uses'] ?? []) as readonly JsonObject[]);
      assert.ok(uses.length > 35 && uses.every((use) => Number.isInteger(use['count'])));

      for (const [place, text] of Object.entries({ ...answers, journal, log: JSON.stringify(lines) })) {
        assert.ok(text.length > 50, place);
        assert.equal(findCanaries(text, CANARIES), [], place);
      }
    } finally {
      await served.close();
      await server.close();
      await rm(apart, { recursive: true });
    }
    let stored = 0;
    for (const file of await readdir(rig.directory, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      stored += 1;
      const text = await readFile(join(file.parentPath, file.name), 'latin1');
      assert.equal(findCanaries(text, CANARIES), [], file.name);
    }
    assert.ok(stored >= 2);
  }));
