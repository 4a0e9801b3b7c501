import { transform } from 'esbuild';
import type { GuestHandler } from '../handlers/guest/index.ts';
import { evaluateScript } from '../host/handler_author/native/script.ts';
import { bundleHandler } from '../host/toolchain/bundle.ts';
import { type HandlerFactory, loadedHandler } from './loaded_handler.ts';

/** Bundles a handler as the toolchain does and runs the bundle in this process, as `openNativeEngine` does in another. */
export async function nativeHandler(entry: string): Promise<HandlerFactory> {
  const { code: module } = await bundleHandler(entry);
  const { code } = await transform(module, { format: 'cjs' });
  return (imports) => loadedHandler(evaluateScript(code, imports) as GuestHandler);
}
