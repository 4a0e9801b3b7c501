import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindingsIn, type Exports, type Imports } from './bindings.ts';
import { HOST_INTERFACES, type HostResult } from './interfaces.ts';
import { MemoryTooSmall, withMemoryMaximum } from './memory_maximum.ts';
import type { CellMeasure, CellOrder, GuestEnd, HostReply } from './messages.ts';
import { textBytes } from './text_bytes.ts';

/** Asks the broker to perform a host function. @throws CallTooLarge */
export type CallHost = (name: string, args: readonly unknown[]) => Promise<HostReply>;

/** The arguments of a host call exceed what a message may carry. */
export class CallTooLarge extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`a host call of ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** Performs one order in a fresh instance. Never rejects. */
export async function performOrder(
  order: CellOrder,
  callHost: CallHost,
): Promise<{ readonly end: GuestEnd; readonly measure: CellMeasure }> {
  const memories = new Set<WebAssembly.Memory>();
  const begun = performance.now();
  let instantiated = begun;
  const halted = Promise.withResolvers<GuestEnd>();
  const end = await Promise.race([perform(), halted.promise]);
  const measure = {
    instantiate_ms: instantiated - begun,
    run_ms: performance.now() - instantiated,
    memory_bytes: [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0),
  };
  return { end, measure };

  async function perform(): Promise<GuestEnd> {
    let component: LoadedComponent;
    try {
      component = await loadComponent(order.directory);
    } catch (error) {
      return { kind: 'unloadable', message: messageOf(error) };
    }
    try {
      const { handler } = await component.instantiate(importsOver(hostCall), memories, order.memory_bytes_max);
      instantiated = performance.now();
      const { call } = order;
      const value = await (call.name === 'run' ? handler.run(call.step) : handler.describe());
      return bounded({ kind: 'returned', value });
    } catch (error) {
      if (error instanceof MemoryTooSmall) return { kind: 'too_large', what: 'memory', bytes: error.bytes };
      if (error instanceof Error) return { kind: 'trapped', message: messageOf(error) };
      return bounded({ kind: 'failed', value: error });
    }
  }

  /** In the form that jco lowers into the guest: a WIT error is thrown as it is. */
  async function hostCall(name: string, args: readonly unknown[], result: HostResult): Promise<unknown> {
    let reply: HostReply;
    try {
      reply = await callHost(name, args);
      if (result !== 'result') return liftPlain(name, reply, result);
    } catch (error) {
      halted.resolve(
        error instanceof CallTooLarge
          ? { kind: 'too_large', what: 'host call', bytes: error.bytes }
          : { kind: 'trapped', message: messageOf(error) },
      );
      // The guest stays suspended: thrown into it, the error would be the guest's to catch.
      return new Promise(() => undefined);
    }
    if ('error' in reply) throw reply.error;
    return reply.ok;
  }

  function bounded(end: Extract<GuestEnd, { value: unknown }>): GuestEnd {
    const bytes = textBytes(end.value);
    return bytes > order.output_bytes_max ? { kind: 'too_large', what: 'output', bytes } : end;
  }
}

interface LoadedComponent {
  /** Puts the instance's memories, which reach `memoryBytesMax`, into `memories`. @throws MemoryTooSmall */
  instantiate(imports: Imports, memories: Set<WebAssembly.Memory>, memoryBytesMax: number): Promise<Exports>;
}

type CoreModules = (name: string) => WebAssembly.Module;

/** A component's modules stay compiled for this many memory limits. */
const LIMITS_KEPT_MAX = 4;

const loaded = new Map<string, Promise<LoadedComponent>>();

/** Reads and compiles a transpiled component once; its modules stay compiled for every later instance. */
function loadComponent(directory: string): Promise<LoadedComponent> {
  let component = loaded.get(directory);
  if (component === undefined) {
    component = readComponent(directory);
    loaded.set(directory, component);
  }
  return component;
}

async function readComponent(directory: string): Promise<LoadedComponent> {
  const { instantiate } = await bindingsIn(directory);
  const byLimit = new Map<number, CoreModules>();
  const coreModules = (memoryBytesMax: number): CoreModules => {
    const modules = byLimit.get(memoryBytesMax) ?? readModules(directory, memoryBytesMax);
    // The last used at the end.
    byLimit.delete(memoryBytesMax);
    byLimit.set(memoryBytesMax, modules);
    if (byLimit.size > LIMITS_KEPT_MAX) byLimit.delete(byLimit.keys().next().value!);
    return modules;
  };
  return {
    instantiate: async (imports, memories, memoryBytesMax) =>
      instantiate(coreModules(memoryBytesMax), imports, (module, coreImports) => {
        const instance = new WebAssembly.Instance(module, coreImports);
        for (const value of Object.values(instance.exports)) {
          if (value instanceof WebAssembly.Memory) memories.add(value);
        }
        return instance;
      }),
  };
}

/** Compiles each of a component's modules when it is first asked for. */
function readModules(directory: string, memoryBytesMax: number): CoreModules {
  const modules = new Map<string, WebAssembly.Module>();
  return (name) => {
    let module = modules.get(name);
    if (module === undefined) {
      module = new WebAssembly.Module(withMemoryMaximum(readFileSync(join(directory, name)), memoryBytesMax));
      modules.set(name, module);
    }
    return module;
  };
}

function importsOver(call: (name: string, args: readonly unknown[], result: HostResult) => Promise<unknown>): Imports {
  return mapEntries(HOST_INTERFACES, (name, { functions }) => [
    name,
    mapEntries(functions, (fn, result) => [camelCase(fn), (...args: unknown[]) => call(`${name}#${fn}`, args, result)]),
  ]);
}

function liftPlain(name: string, reply: HostReply, result: Exclude<HostResult, 'result'>): unknown {
  if ('error' in reply) throw new Error(`the host answered ${name} by an error, which its interface does not have`);
  return result === 'u64' ? BigInt(reply.ok as string) : undefined;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}

function camelCase(kebab: string): string {
  return kebab.replace(/-([a-z0-9])/g, (_dash, letter: string) => letter.toUpperCase());
}

function mapEntries<T, U>(record: Readonly<Record<string, T>>, map: (key: string, value: T) => [string, U]) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => map(key, value))) as Record<string, U>;
}
