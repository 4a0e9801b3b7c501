import { createContext, runInContext } from 'node:vm';
import type { CannedReply } from './canned_host.ts';

/** The host side of a handler's imports, as jco's bindings take it: `{'weft:http/client': {send(request) {…}}}`. */
export type HostImports = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => unknown>>>>;

/** What a handler's script exports, as far as its runner has to know: WIT `handler`. */
export interface ScriptHandler {
  describe(): string;
  run(step: unknown): unknown;
}

/**
 * Runs a handler's bundled script (a CommonJS module) in a context of its own that has the language and nothing else,
 * as the guest's engine: native and WASM differ by the engine alone.
 * @throws what the top level of the script throws
 */
export function evaluateScript(code: string, imports: HostImports): ScriptHandler {
  const require = (specifier: string) => imports[specifier.replace(/@.*/, '')] ?? missing(specifier);
  const context = createContext({ btoa, atob });
  const evaluate = runInContext(`(function (require, module) {${code}\n})`, context, { filename: 'handler.js' });
  const script = { exports: {} as { handler: ScriptHandler } };
  evaluate(require, script);
  return script.exports.handler;
}

/** Imports that call a host by its JSON-safe form, and throw WIT errors as jco's bindings do. */
export function hostImports(call: (name: string, args: readonly unknown[]) => CannedReply): HostImports {
  const perform = (name: string, ...args: readonly unknown[]): unknown => {
    const reply = call(name, args);
    if ('error' in reply) throw witError(reply.error);
    return reply.ok;
  };
  return {
    'weft:http/client': { send: (request) => perform('weft:http/client#send', request) },
    'weft:mail/sender': { send: (message) => perform('weft:mail/sender#send', message) },
    'weft:clock/wall-clock': { nowMs: () => BigInt(perform('weft:clock/wall-clock#now-ms') as string) },
    'weft:log/logger': { log: (...args) => perform('weft:log/logger#log', ...args) },
  };
}

/** What a host function throws to give a WIT error. */
export function witError(payload: unknown): Error {
  return Object.assign(new Error('a WIT error'), { payload });
}

function missing(specifier: string): never {
  throw new Error(`the host has no "${specifier}"`);
}
