import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { JsonObject } from '../../kernel/json.ts';

const LAUNCHER = join(import.meta.dirname, '../../host/cli/weft.js');
/** Components translated once serve every run; nothing of a run is kept there. */
const CACHE = join(import.meta.dirname, '../../build/test_cache');
const READY_MS_MAX = 120_000;
export const TOKEN = 'chaos-token-of-the-harness';

/** What a harness gives its server beside what all of them have. */
export interface VictimOptions {
  /** Keys of the operator config, over the harness's own. */
  readonly config?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
}

/** That the server refused a call: it is up, and the call is what is wrong. */
export class Refusal extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A `weft serve` that is killed and started again on the same data directory. */
export class Victim {
  readonly directory: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  /** Milliseconds from each start to readiness. */
  readonly starts_ms: number[] = [];
  #stderr = '';

  private constructor(directory: string, port: number, env: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#port = port;
    this.#env = env;
  }

  /** Writes the operator config; `effectPort` is the one address that steps may reach. */
  static async prepare(directory: string, effectPort: number, options: VictimOptions = {}): Promise<Victim> {
    const port = await freePort();
    const config = {
      data_directory: join(directory, 'data'),
      cache_directory: CACHE,
      api: { host: '127.0.0.1', port, tokens: [{ name: 'chaos', roles: ['admin'], token: { env: 'CHAOS_TOKEN' } }] },
      egress: { allow: [{ scheme: 'http', host: '127.0.0.1', port: effectPort, private: true }] },
      log: { level: 'warn' },
      ...options.config,
    };
    await writeFile(join(directory, 'weft.yaml'), JSON.stringify(config));
    return new Victim(directory, port, options.env ?? {});
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it and resolves once it is ready. `crashAt` names a point at which it ends itself. */
  async start(crashAt?: string): Promise<void> {
    const started = performance.now();
    this.#stderr = '';
    const child = spawn(process.execPath, [LAUNCHER, 'serve', '--config', join(this.directory, 'weft.yaml')], {
      env: {
        ...process.env,
        ...this.#env,
        CHAOS_TOKEN: TOKEN,
        ...(crashAt === undefined ? {} : { WEFT_CRASH_AT: crashAt }),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: this.directory,
    });
    child.stderr!.on('data', (chunk) => (this.#stderr = (this.#stderr + chunk).slice(-4_000)));
    this.#child = child;
    while (!(await this.#isReady())) {
      // A crash point may lie on the way to readiness.
      if (this.dead && crashAt !== undefined) return;
      if (this.dead) throw new Error(`weft serve ended with ${child.exitCode ?? child.signalCode}:\n${this.#stderr}`);
      if (performance.now() - started > READY_MS_MAX)
        throw new Error(`weft serve is not ready after ${READY_MS_MAX / 1_000} s:\n${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.starts_ms.push(performance.now() - started);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get dead(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** How it ended; null while it runs and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** The last that it wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.dead) return;
    const child = this.#child!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async #isReady(): Promise<boolean> {
    const response = await fetch(`${this.url}/readyz`).catch(() => undefined);
    return response?.ok ?? false;
  }

  /** A call of the API; undefined while the server is down. @throws Refusal */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T | undefined> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => undefined);
    if (response === undefined) return undefined;
    const text = await response.text().catch(() => undefined);
    if (text === undefined || response.status >= 500) return undefined;
    if (!response.ok) throw new Refusal(`${method} ${path} → ${response.status} ${text}`, response.status);
    return JSON.parse(text) as T;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
