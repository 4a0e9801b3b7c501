import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve, sep } from 'node:path';
import type { Logger } from 'pino';
import type { CatalogEntry } from '../kernel/capability/types.ts';
import { WeftError } from '../kernel/errors.ts';
import { createHooks, type Hooks } from '../kernel/hooks/hooks.ts';
import type { Planner } from '../kernel/planning/planner.ts';
import { createPlanningRegistries, type PlanningRegistries } from '../kernel/planning/registry.ts';
import type { SchemaCompiler } from '../kernel/schema/compile.ts';
import { BlobCodec } from './blobs/codec.ts';
import { BlobCollector } from './blobs/collector.ts';
import { Broker } from './broker/broker.ts';
import { acceptCapability } from './catalog/accept_capability.ts';
import { builtInHandlers, ensureBuiltIn } from './catalog/built_in.ts';
import { Catalog } from './catalog/catalog.ts';
import { HandlerDirectories } from './catalog/handler_directories.ts';
import { KeptComponents, keepEarlier } from './catalog/kept_components.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import type { OperatorConfig } from './config/types.ts';
import { faultsFromEnvironment } from './faults.ts';
import { auditLog } from './imports/audit.ts';
import { createHostServices } from './imports/host_functions.ts';
import { loadSecrets } from './imports/secrets.ts';
import { Announcer } from './orchestrator/announce.ts';
import { createEngine } from './orchestrator/engine.ts';
import { createEnvironment } from './orchestrator/environment.ts';
import { Orchestrator } from './orchestrator/orchestrator.ts';
import type { Engine } from './orchestrator/port.ts';
import { Templates } from './orchestrator/templates.ts';
import { Watchers } from './orchestrator/watchers.ts';
import { PlanningWorker } from './planning/worker.ts';
import { BUILT_IN_PLUGINS, HOOK_TIMER } from './plugins/built_in.ts';
import { loadPlugins } from './plugins/load.ts';
import { redactingLogger } from './redacting_logger.ts';
import { Retention } from './retention/retention.ts';
import { createCellExecutor } from './sandbox/cell_executor.ts';
import { type ComponentStore, openComponentStore } from './sandbox/component_store.ts';
import { COMPONENT_BYTES_MAX } from './sandbox/limits.ts';
import type { Executor } from './sandbox/port.ts';
import { hostSchemaCompiler } from './schemas.ts';
import type { Store } from './store/port.ts';
import { openSqliteStore } from './store/sqlite/sqlite_store.ts';
import { TemplateChecker } from './template/checker.ts';
import { inspect } from './template/inspect.ts';
import { createMemoryTransport } from './transport/memory/memory_transport.ts';
import type { Transport } from './transport/port.ts';

/** What starting Weft takes besides its config. */
export interface StartOptions {
  readonly logger: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In place of cells: for tests and benchmarks that measure the engine without the sandbox. */
  readonly native?: { readonly executor: Executor; readonly handlers: readonly CatalogEntry[] };
  /** For tests: parts in place of the usual ones. */
  readonly parts?: {
    readonly transport?: Transport;
    /** Comes between the engine and its store. */
    readonly throughStore?: (store: Store) => Store;
    /** Comes between the broker and what runs steps. */
    readonly throughExecutor?: (executor: Executor) => Executor;
    readonly clock?: Clock;
    readonly cached_tasks_max?: number;
    readonly snapshot_events_min?: number;
    /** How many bytes of JSON make a value a large one. */
    readonly blob_threshold_bytes?: number;
    /** Planners besides those of plugins. */
    readonly planners?: Readonly<Record<string, Planner>>;
    /** False leaves large values that nobody refers to where they are: the clock has no periodic timer then. */
    readonly collects_blobs?: boolean;
  };
}

/** A running Weft: orchestrator and broker in one process. */
export interface Weft {
  readonly engine: Engine;
  /** Finishes what runs within the drain grace, gives back the rest, and releases the store. */
  close(): Promise<void>;
}

const CACHED_TASKS_MAX = 2_000;
/** Fewer are folded in a few milliseconds. */
const SNAPSHOT_EVENTS_MIN = 1_000;
/** In hex digits. */
const SALT_LENGTH = 64;

/**
 * Wires every part and starts it: the one place that knows them all. What fails leaves nothing open.
 * @throws data_directory_unusable, store_locked, handlers_unreadable, secrets_unavailable, plugin errors,
 * store_unavailable
 */
export async function startWeft(config: OperatorConfig, options: StartOptions): Promise<Weft> {
  const opened: (() => Promise<void>)[] = [];
  try {
    return { engine: await wire(config, options, opened), close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Latest first; one that fails does not keep the others open. @throws what the first of them failed with */
async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of opened.splice(0).reverse()) await end().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

async function wire(config: OperatorConfig, options: StartOptions, opened: (() => Promise<void>)[]): Promise<Engine> {
  const { env = process.env, native, parts = {} } = options;
  const { limits } = config;
  const clock = parts.clock ?? SYSTEM_CLOCK;
  const { now } = clock;
  const faults = faultsFromEnvironment(env);
  await makeDataDirectory(config.data_directory);
  const secrets = await loadSecrets(config.secrets, await saltOf(config.data_directory), env);
  const logger = redactingLogger(options.logger, secrets.redactor());
  for (const warning of secrets.warnings) logger.warn(warning);
  const sqlite = await openSqliteStore({ path: config.store.path, logger, faults });
  opened.push(() => sqlite.close());
  const store = parts.throughStore?.(sqlite) ?? sqlite;

  const authoring = await openAuthoring(config, logger, env);
  const { compiler, catalog, checker, hooks } = authoring;
  for (const [name, planner] of Object.entries(parts.planners ?? {}))
    authoring.planning.planners.register(name, planner);
  const handlers = native === undefined ? await openHandlers(config, authoring, logger, now) : undefined;
  const sandbox = native?.executor ?? openSandbox(config, handlers!.components, logger);
  opened.push(() => sandbox.close());
  const executor = parts.throughExecutor?.(sandbox) ?? sandbox;
  for (const entry of native?.handlers ?? []) catalog.register(entry);

  const host = await createHostServices(config, { secrets, audit: auditLog(logger), log: logger, now, env });
  opened.push(() => host.close());

  const onError = (error: unknown): void => logger.error({ err: error }, 'a listener failed');
  const transport = parts.transport ?? createMemoryTransport({ onError });
  opened.push(() => transport.close());
  const templates = new Templates(store);
  const watchers = new Watchers();
  const blobs = new BlobCodec(parts.blob_threshold_bytes);
  const orchestrator = new Orchestrator({
    store,
    transport,
    env: createEnvironment({ catalog, compiler, hooks, planning: authoring.planning }),
    secrets,
    logger,
    faults,
    clock,
    loadTemplate: (digest) => templates.load(digest),
    canRun: (digest) => executor.has(digest),
    watchers,
    announcer: new Announcer(hooks, logger),
    catalog: () => catalog.entries(),
    stuckAfterMs: config.dead_letters.stuck_after_ms,
    blobs,
    cachedTasksMax: parts.cached_tasks_max ?? CACHED_TASKS_MAX,
    snapshotEventsMin: parts.snapshot_events_min ?? SNAPSHOT_EVENTS_MIN,
  });
  const name = `${hostname()}/${process.pid}`;
  const broker = new Broker({
    name,
    namespaces: ['*'],
    transport,
    blobs,
    blobStore: { readBlob: (digest) => store.readBlob(digest), putBlob: (blob) => store.putBlob(blob, now()) },
    executor,
    planning: new PlanningWorker({
      planners: authoring.planning.planners,
      hooks,
      logger,
      faults,
      now,
      catalog: () => catalog.entries(),
    }),
    host,
    limits,
    logger,
    faults,
    now,
  });
  // Results of a drain still reach the orchestrator, which closes after it.
  opened.push(() => orchestrator.close());
  await orchestrator.start();
  opened.push(() => broker.drain(config.broker.drain_grace_ms));
  await broker.start();
  const retention = new Retention({ store, tasks: orchestrator, config: config.retention, logger, clock, faults });
  opened.push(() => retention.close());
  retention.start();
  if (parts.collects_blobs !== false) {
    const collector = new BlobCollector({ store, clock, logger });
    opened.push(() => collector.close());
    collector.start();
  }
  const directories = handlers?.directories;
  opened.push(async () => directories?.close());
  directories?.watch(() => void orchestrator.workersChanged());
  if (handlers !== undefined && isWithin(config.cache_directory, config.data_directory)) {
    const { components } = handlers;
    const look = orchestrator.look.bind(orchestrator);
    const kept = new KeptComponents({ components, store, look, clock, logger });
    opened.push(() => kept.close());
    kept.start();
  }
  const handlerFiles = () => directories?.files() ?? [];
  return createEngine({
    orchestrator,
    templates,
    checker,
    hooks,
    store,
    catalog,
    handlerFiles,
    watchers,
    retention,
    now,
  });
}

/** What looking at templates and handlers takes: no store, and nothing is run. */
interface Authoring {
  readonly compiler: SchemaCompiler;
  readonly hooks: Hooks;
  readonly catalog: Catalog;
  readonly checker: TemplateChecker;
  /** What plugins have registered. */
  readonly planning: PlanningRegistries;
}

/** A catalog without a store, for commands that only look. @throws handlers_unreadable, plugin errors */
export async function openCatalog(
  config: OperatorConfig,
  { logger }: { readonly logger: Logger },
): Promise<Authoring & Pick<Engine, 'check' | 'handlers' | 'handlerFiles'> & { close(): Promise<void> }> {
  const authoring = await openAuthoring(config, logger);
  const { directories } = await openHandlers(config, authoring, logger, SYSTEM_CLOCK.now);
  return {
    ...authoring,
    check: (source, context) => inspect(authoring.checker, source, context),
    handlers: () => authoring.catalog.entries(),
    handlerFiles: () => directories.files(),
    close: async () => undefined,
  };
}

async function openAuthoring(
  config: OperatorConfig,
  logger: Logger,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Authoring> {
  const planning = createPlanningRegistries();
  const compiler = hostSchemaCompiler();
  const hooks = createHooks({ timer: HOOK_TIMER });
  const { directories, options } = config.plugins;
  await loadPlugins({
    directories: [...BUILT_IN_PLUGINS, ...directories],
    options,
    hooks,
    compiler,
    logger,
    planning,
    models: config.models,
    env,
  });
  const catalog = new Catalog();
  return {
    compiler,
    hooks,
    catalog,
    planning,
    checker: new TemplateChecker({
      catalog,
      compiler,
      hooks,
      limits: config.limits,
      planners: () => planning.planners.names(),
    }),
  };
}

/** Handlers as files and as what runs. */
interface Handlers {
  readonly components: ComponentStore;
  readonly directories: HandlerDirectories;
}

/** Every handler of the config, checked, transpiled and in the catalog. */
async function openHandlers(
  config: OperatorConfig,
  { compiler, catalog, hooks }: Authoring,
  logger: Logger,
  now: () => number,
): Promise<Handlers> {
  await ensureBuiltIn(logger);
  // Whoever is first makes it, and what it will hold is nobody else's.
  await makeDataDirectory(config.data_directory);
  const components = await openComponentStore({
    cacheDirectory: config.cache_directory,
    component_bytes_max: COMPONENT_BYTES_MAX,
    memory_bytes_max: config.limits.memory_bytes_max,
    validateCapability: (value) => acceptCapability(value, compiler),
  });
  const directories = new HandlerDirectories({
    components,
    catalog,
    hooks,
    grants: config.handlers.grants,
    directories: config.handlers.directories.map((path) => ({ path, builtIn: path === builtInHandlers() })),
    logger,
    now,
  });
  await directories.load();
  await keepEarlier(components, catalog);
  return { components, directories };
}

function openSandbox(config: OperatorConfig, components: ComponentStore, logger: Logger): Executor {
  const { memory_bytes_max } = config.limits;
  return createCellExecutor({
    cells: config.broker.cells,
    components,
    memory_bytes_max,
    heap_mb_max: config.broker.cell_heap_mb,
    logger,
  });
}

/** Whether what is in a directory is this data directory's own: another cache may serve other stores as well. */
function isWithin(directory: string, dataDirectory: string): boolean {
  return resolve(directory).startsWith(resolve(dataDirectory) + sep);
}

/** @throws data_directory_unusable */
async function makeDataDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
    throw new WeftError('data_directory_unusable', { path, problem: cause.message }, { cause });
  });
}

/** What placeholders of secrets derive from: made once for a store, whose owner this is, and readable by nobody else. */
async function saltOf(dataDirectory: string): Promise<string> {
  const file = join(dataDirectory, 'placeholder.salt');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  if (kept.length === SALT_LENGTH) return kept;
  // Under another name first: a process that dies while it writes leaves no half of a salt.
  const made = randomBytes(SALT_LENGTH / 2).toString('hex');
  await writeFile(`${file}.new`, made, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}
