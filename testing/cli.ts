import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pino } from 'pino';
import type { Io } from '../host/cli/io.ts';
import { main } from '../host/cli/main.ts';
import { createApi } from '../host/http/api.ts';
import { privateDoor } from '../host/http/door.ts';
import { type FakeEngine, fakeEngine } from './fake_engine.ts';

/** How a command line ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a fake Weft that answers on a socket in it. */
export interface FakeServer {
  readonly engine: FakeEngine;
  readonly directory: string;
  /** For WEFT_URL. */
  readonly url: string;
  /** Writes a file into the folder and gives its path. */
  file(name: string, text: string): Promise<string>;
  /** Runs a command line in this process against the fake. */
  weft(...argv: readonly string[]): Promise<Ended>;
}

/** What a command line in this process is given besides its words. */
export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly interrupted?: AbortSignal;
}

/** Runs a command line in this process. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const { env = {}, stdin = '', terminal = false, interrupted = new AbortController().signal } = options;
  const stdout = collector(terminal);
  const stderr = collector(terminal);
  const io: Io = { stdin: Readable.from([stdin]), stdout: stdout.stream, stderr: stderr.stream, env, interrupted };
  const code = await main(argv, io);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** Starts a fake Weft, gives it to `run`, and cleans up. */
export async function withFakeServer(run: (server: FakeServer) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'weft-cli-'));
  const engine = fakeEngine();
  const logger = pino({ level: 'silent' });
  const api = createApi({ engine, door: privateDoor('ada'), logger, version: '1.0.0', body_bytes_max: 100_000 });
  const socket = path.join(directory, 's');
  const url = `unix:${socket}`;
  try {
    await api.listen({ path: socket });
    await run({
      engine,
      directory,
      url,
      async file(name, text) {
        const file = path.join(directory, name);
        await writeFile(file, text);
        return file;
      },
      weft: (...argv) => runCli(argv, { env: { WEFT_URL: url } }),
    });
  } finally {
    await api.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function collector(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  return { stream, text: () => chunks.join('') };
}
