import { createContext, runInContext } from 'node:vm';
import { transform } from 'esbuild';
import type { GuestHandler } from '../handlers/guest/index.ts';
import { bundleHandler } from '../host/toolchain/bundle.ts';
import { type HandlerFactory, loadedHandler } from './loaded_handler.ts';

/**
 * Bundles a handler as the toolchain does and runs the bundle in Node, each instance in a context of its own that has
 * the language and nothing else, as the guest's engine: native and WASM differ by the engine alone.
 */
export async function nativeHandler(entry: string): Promise<HandlerFactory> {
  const { code: module } = await bundleHandler(entry);
  const { code } = await transform(module, { format: 'cjs' });
  return (imports) => {
    const require = (specifier: string) => imports[specifier.replace(/@.*/, '')] ?? missing(specifier);
    const context = createContext({ btoa, atob });
    const evaluate = runInContext(`(function (require, module) {${code}\n})`, context, { filename: entry });
    const script = { exports: {} as { handler: GuestHandler } };
    evaluate(require, script);
    return loadedHandler(script.exports.handler);
  };
}

function missing(specifier: string): never {
  throw new Error(`the test gives the handler no "${specifier}"`);
}
