import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { WeftError } from '../../kernel/errors.ts';
import type { OperatorConfig } from '../config/types.ts';
import type { Engine } from '../orchestrator/port.ts';
import { createApi } from './api.ts';
import { type Door, isLoopback, networkDoor, privateDoor } from './door.ts';
import { SOCKET_PATH_BYTES_MAX, shortestPath, socketPath } from './socket_path.ts';
import { loadTokens } from './token.ts';

/** What serving takes. */
export interface ServeOptions {
  readonly engine: Engine;
  readonly config: OperatorConfig;
  readonly logger: FastifyBaseLogger;
  readonly version: string;
  /** Who is let in over TCP; absent: on the private socket only. */
  readonly network?: Door;
}

/** An API that answers. */
export interface Served {
  /** Absent when it is on the private socket only. */
  readonly url?: string;
  /** The private socket. */
  readonly socket: string;
  /** Stops listening, ends event streams, answers what was asked, and takes the socket away. */
  close(): Promise<void>;
}

/** What a request's JSON adds to the template and the context in it. */
const ENVELOPE_BYTES_MAX = 64 * 1024;

/**
 * The door of the operator's TCP listener: to be had before anything starts that a bad one would stop.
 * @throws api_unguarded, token_unusable
 */
export function openNetworkDoor(api: OperatorConfig['api'], env: NodeJS.ProcessEnv): Door {
  const { host, tokens, allowed_hosts = [] } = api;
  if (!isLoopback(host) && tokens.length === 0) throw new WeftError('api_unguarded', { host });
  return networkDoor({ bind: host, tokens: loadTokens(tokens, env), allowed_hosts });
}

/**
 * Serves an engine on the private socket of its data directory, and over TCP. The caller owns the store's lock, so a
 * socket that is already there is a dead process's and is replaced.
 * @throws address_unavailable, socket_path_too_long
 */
export async function serveApi(options: ServeOptions): Promise<Served> {
  const { engine, logger, version, config } = options;
  const { template_bytes_max, context_bytes_max, output_bytes_max } = config.limits;
  // Text inside JSON may double by its escapes. A result that is given by hand may be as large as a handler's.
  const submission_bytes_max = 2 * template_bytes_max + context_bytes_max;
  const body_bytes_max = Math.max(submission_bytes_max, output_bytes_max) + ENVELOPE_BYTES_MAX;
  const common = { engine, logger, version, body_bytes_max };
  const network = options.network && createApi({ ...common, door: options.network });
  const local = createApi({ ...common, door: privateDoor(userInfo().username) });
  const socket = socketPath(config.data_directory);
  const close = async (): Promise<void> => {
    await Promise.all([network?.close(), local.close()]);
    await rm(socket, { force: true });
  };
  try {
    await listenPrivately(local, config.data_directory, socket);
    if (network === undefined) return { socket, close };
    return { socket, close, url: await listenOnNetwork(network, config.api) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listenOnNetwork(api: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host;
  await api.listen({ host, port }).catch((cause: Error) => {
    throw new WeftError('address_unavailable', { address: `${name}:${port}`, problem: cause.message }, { cause });
  });
  return `http://${name}:${(api.server.address() as AddressInfo).port}`;
}

/** The socket is made where nobody else can reach it, and moved into place once its mode is right. */
async function listenPrivately(api: FastifyInstance, directory: string, socket: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const cradle = await mkdtemp(path.join(directory, '.s'));
  try {
    const born = shortestPath(path.join(cradle, 's'));
    if (Buffer.byteLength(born) > SOCKET_PATH_BYTES_MAX) {
      throw new WeftError('socket_path_too_long', { path: socket, bytes_max: SOCKET_PATH_BYTES_MAX });
    }
    await api.listen({ path: born, listenTextResolver: () => `Server listening at ${socket}` });
    await chmod(born, 0o600);
    await rename(born, socket);
  } finally {
    await rm(cradle, { recursive: true, force: true });
  }
}
