import { AsyncSeriesHook, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable';
import { WeftError } from '../errors.ts';
import { type AsyncHookName, HOOKS, type HookName, type HookTaps, type HookType, type SyncHookName } from './table.ts';

/** Where among the taps of a hook one stands; without, in the order of tapping. */
export interface TapOptions {
  /** Lower stages come first; 0 when absent. */
  readonly stage?: number;
}

/** The hooks as one plugin sees them: `hooks.validatePolicy.tap((review, report) => { … })`. */
export type PluginHooks = {
  readonly [N in HookName]: { tap(fn: HookTaps[N], options?: TapOptions): void };
};

/** The host's clock. */
export interface HookTimer {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after a time, unless what it gives is called before. */
  after(delay_ms: number, then: () => void): () => void;
}

export interface HooksOptions {
  /** Without one, asynchronous taps have no deadline. */
  readonly timer?: HookTimer;
  /** For each call of an asynchronous tap; 10 s when absent. */
  readonly deadline_ms?: number;
}

/** A tap that was called and has not settled. */
export interface UnsettledTap {
  readonly plugin: string;
  readonly hook: HookName;
  /** Milliseconds since 1970; 0 without a timer. */
  readonly since: number;
}

/** All hooks of a process, and who taps them. */
export interface Hooks {
  /** What to give to a plugin: its taps carry its name. */
  forPlugin(plugin: string): PluginHooks;
  /** Calls the taps of a synchronous hook. @throws plugin_failed */
  call<N extends SyncHookName>(hook: N, ...args: Parameters<HookTaps[N]>): ReturnType<HookTaps[N]>;
  /** Calls the taps of an asynchronous hook, one after the other. @throws plugin_failed, plugin_timeout */
  run<N extends AsyncHookName>(hook: N, ...args: Parameters<HookTaps[N]>): Promise<void>;
  /** Whose tap a hook is calling right now: for those who are called back by it. */
  calling(): string | undefined;
  /** Oldest first: what stays in this list never settles. */
  unsettled(): readonly UnsettledTap[];
}

type AnyTap = (...args: unknown[]) => unknown;

/** What Weft uses of a tapable hook, whatever its type. */
interface TapableHook {
  tap(options: { name: string; stage: number }, fn: AnyTap): void;
  tapPromise(options: { name: string; stage: number }, fn: AnyTap): void;
  call(...args: unknown[]): unknown;
  promise(...args: unknown[]): Promise<void>;
  intercept(interceptor: { register(tap: RegisteredTap): RegisteredTap }): void;
}

interface RegisteredTap {
  readonly name: string;
  readonly fn: AnyTap;
}

/** Two arguments are the most that a hook has; a tap sees those that are given. */
const ARGUMENTS = ['subject', 'report'];

const MAKE: Record<HookType, (args: string[], name: string) => unknown> = {
  sync_series: (args, name) => new SyncHook(args as never, name),
  sync_waterfall: (args, name) => new SyncWaterfallHook(args as never, name),
  sync_bail: (args, name) => new SyncBailHook(args as never, name),
  async_series: (args, name) => new AsyncSeriesHook(args as never, name),
};

/** Makes the hooks of the table; nobody taps them yet. Every tap is wrapped: what it throws names plugin and hook. */
export function createHooks(options: HooksOptions = {}): Hooks {
  const callers = new Callers(options);
  const names = Object.keys(HOOKS) as HookName[];
  const tapables = new Map(
    names.map((hook) => {
      const { type } = HOOKS[hook];
      const tapable = MAKE[type](ARGUMENTS, hook) as TapableHook;
      tapable.intercept({
        register: (tap) => ({
          ...tap,
          fn: type === 'async_series' ? callers.async(tap, hook) : callers.sync(tap, hook),
        }),
      });
      return [hook, tapable];
    }),
  );

  const tapper = (plugin: string, hook: HookName) => ({
    tap(fn: AnyTap, { stage = 0 }: TapOptions = {}) {
      const tapable = tapables.get(hook)!;
      if (HOOKS[hook].type === 'async_series') tapable.tapPromise({ name: plugin, stage }, fn);
      else tapable.tap({ name: plugin, stage }, fn);
    },
  });

  return {
    forPlugin: (plugin) =>
      Object.fromEntries(names.map((hook) => [hook, tapper(plugin, hook)])) as unknown as PluginHooks,
    call: (hook, ...args) => tapables.get(hook)!.call(...args) as never,
    run: (hook, ...args) => tapables.get(hook)!.promise(...args),
    calling: () => callers.current,
    unsettled: () => [...callers.unsettled],
  };
}

/** Wraps taps and knows which of them run. */
class Callers {
  current: string | undefined;
  readonly unsettled = new Set<UnsettledTap>();
  readonly #timer: HookTimer | undefined;
  readonly #deadlineMs: number;

  constructor({ timer, deadline_ms = 10_000 }: HooksOptions) {
    this.#timer = timer;
    this.#deadlineMs = deadline_ms;
  }

  sync({ name: plugin, fn }: RegisteredTap, hook: HookName): AnyTap {
    return (...args) => {
      const outer = this.current;
      this.current = plugin;
      try {
        const given = fn(...args);
        if (given instanceof Promise) throw new Error('it gave a promise, but the hook is synchronous');
        return given;
      } catch (cause) {
        throw failed(plugin, hook, cause);
      } finally {
        this.current = outer;
      }
    };
  }

  async({ name: plugin, fn }: RegisteredTap, hook: HookName): AnyTap {
    return (...args) => {
      const tap: UnsettledTap = { plugin, hook, since: this.#timer?.now() ?? 0 };
      this.unsettled.add(tap);
      // A tap that throws before it promises fails like one that rejects.
      const settled = Promise.resolve()
        .then(() => fn(...args))
        .then(
          () => undefined,
          (cause: unknown) => Promise.reject(failed(plugin, hook, cause)),
        )
        .finally(() => this.unsettled.delete(tap));
      return this.#timer === undefined ? settled : this.#withDeadline(this.#timer, settled, tap);
    };
  }

  #withDeadline(timer: HookTimer, settled: Promise<void>, { plugin, hook }: UnsettledTap): Promise<void> {
    const deadline_ms = this.#deadlineMs;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = timer.after(deadline_ms, () =>
      reject(new WeftError('plugin_timeout', { plugin, hook, deadline_ms })),
    );
    settled.then(resolve, reject).finally(cancel);
    return promise;
  }
}

function failed(plugin: string, hook: HookName, cause: unknown): WeftError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new WeftError('plugin_failed', { plugin, hook, problem }, { cause });
}
