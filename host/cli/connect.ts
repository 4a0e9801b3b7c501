import { socketPath } from '../http/socket_path.ts';
import { type Target, WeftClient } from './client.ts';
import type { Io } from './io.ts';
import { usage } from './parse.ts';
import { loadConfig } from './runtime.ts';

/** The option that names the operator config. */
export const CONFIG_OPTION = {
  config: { value: 'FILE', doc: 'The operator config; ./weft.yaml when there is one. Environment: WEFT_CONFIG.' },
} as const;

/** The option that names directories of handlers. */
export const HANDLERS_OPTION = {
  handlers: {
    value: 'DIR',
    multiple: true,
    doc: 'A folder of components, besides those of the operator config; may be repeated. It is watched.',
  },
} as const;

/** The options of every command that talks to a server. */
export const CONNECTION_OPTIONS = {
  ...CONFIG_OPTION,
  url: {
    value: 'URL',
    doc: 'Talk to the API there (http://…, unix:/path); the private socket otherwise. Environment: WEFT_URL.',
  },
  token: { value: 'TOKEN', doc: 'The token for --url. Better in the environment, where no one sees it: WEFT_TOKEN.' },
} as const;

/** What the connection options came to. */
export interface ConnectionOptions {
  readonly config: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
}

/** The API that is named by option or environment, if one is. @throws usage_invalid */
export function namedTarget({ url, token }: ConnectionOptions, env: NodeJS.ProcessEnv): Target | undefined {
  const named = url ?? (env['WEFT_URL'] || undefined);
  if (named === undefined) return undefined;
  if (named.startsWith('unix:')) return { socket: named.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') };
  if (/^https?:\/\//.test(named) && URL.canParse(named)) {
    return { url: named, token: token ?? (env['WEFT_TOKEN'] || undefined) };
  }
  throw usage(`"${named}" is not an address of Weft; write http://HOST:PORT or unix:/PATH`);
}

/** Connects to the API that is named, or to the private socket of the data directory, and closes it afterwards. */
export async function withClient<T>(
  options: ConnectionOptions,
  io: Io,
  use: (client: WeftClient) => Promise<T>,
): Promise<T> {
  const target = namedTarget(options, io.env) ?? (await privateTarget(options.config, io.env));
  const client = new WeftClient(target);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function privateTarget(config: string | undefined, env: NodeJS.ProcessEnv): Promise<Target> {
  const { data_directory } = await loadConfig(config, env);
  return { socket: socketPath(data_directory) };
}
