import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { HandlerFile } from '../catalog/handler_files.ts';
import { findHandler, type HandlerSummary, handlerSummary } from '../http/routes/handlers.ts';
import { socketPath } from '../http/socket_path.ts';
import type { GraphView, TemplateSource } from '../orchestrator/port.ts';
import { type TemplateFile, WeftClient } from './client.ts';
import { type ConnectionOptions, namedTarget } from './connect.ts';
import type { Io } from './io.ts';
import { type CatalogView, createLogger, loadConfig, openCatalog, withHandlers } from './runtime.ts';

/** What can be asked about templates and handlers, with a server or without. */
export interface Templates {
  validate(
    template: TemplateFile & { readonly context?: JsonObject },
  ): Promise<{ readonly valid: boolean; readonly diagnostics: readonly Diagnostic[] }>;
  graph(template: TemplateFile): Promise<GraphView>;
  handlers(category: string | undefined): Promise<readonly HandlerSummary[]>;
  /** The files of the handler directories; undefined for all. */
  handlerFiles(status: HandlerFile['status'] | undefined): Promise<readonly HandlerFile[]>;
  handler(name: string, version: string | undefined): Promise<CatalogEntry>;
}

/**
 * Asks the server that runs, whose catalog is the one that counts; when none does, the handlers of the operator
 * config and of `directories` are loaded here, without a store.
 */
export async function withTemplates<T>(
  connection: ConnectionOptions,
  io: Io,
  use: (templates: Templates) => Promise<T>,
  directories: readonly string[] = [],
): Promise<T> {
  const named = namedTarget(connection, io.env);
  const config = named === undefined ? await loadConfig(connection.config, io.env) : undefined;
  const client = new WeftClient(named ?? { socket: socketPath(config!.data_directory) });
  try {
    if (named !== undefined || (await answers(client))) return await use(remote(client));
  } finally {
    client.close();
  }
  // What is refused is a line of the list here, not of the log.
  const catalog = await openCatalog(await withHandlers(config!, directories), createLogger('error'));
  try {
    return await use(local(catalog));
  } finally {
    await catalog.close();
  }
}

function answers(client: WeftClient): Promise<boolean> {
  return client.ping().then(
    () => true,
    () => false,
  );
}

const HANDLERS_MAX = 500;

function remote(client: WeftClient): Templates {
  return {
    validate: (template) => client.validate(template),
    graph: (template) => client.graph(template),
    handlers: async (category) => (await client.handlers({ category, limit: HANDLERS_MAX })).items,
    handlerFiles: async (status) => (await client.handlerFiles({ status, limit: HANDLERS_MAX })).items,
    handler: (name, version) => client.handler(name, { version }),
  };
}

function local(catalog: CatalogView): Templates {
  const textOf = ({ template: text, file }: TemplateFile): TemplateSource => ({ kind: 'text', text, file });
  const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
  return {
    async validate(template) {
      const { diagnostics } = await catalog.check(textOf(template), template.context);
      return { valid: !diagnostics.some(isError), diagnostics };
    },
    async graph(template) {
      const { graph, diagnostics } = await catalog.check(textOf(template));
      if (graph !== undefined) return graph;
      throw new WeftError('template_invalid', { count: diagnostics.filter(isError).length }, { diagnostics });
    },
    async handlers(category) {
      return catalog
        .handlers()
        .map(handlerSummary)
        .filter((handler) => handler.category === (category ?? handler.category));
    },
    handlerFiles: async (status) => catalog.handlerFiles().filter((file) => file.status === (status ?? file.status)),
    handler: async (name, version) => findHandler(catalog.handlers(), name, version),
  };
}
