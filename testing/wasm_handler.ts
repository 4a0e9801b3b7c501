import { readFile } from 'node:fs/promises';
import { transpile } from '@bytecodealliance/jco';
import type { GuestHandler } from '../handlers/guest/index.ts';
import type { HostImports } from '../host/handler_author/native/script.ts';
import { type HandlerFactory, loadedHandler } from './loaded_handler.ts';

type Instantiate = (
  module: (name: string) => WebAssembly.Module,
  imports: HostImports,
) => { readonly handler: GuestHandler };

/** Loads a component into this process, without a cell: for cases, where the component is ours and the host canned. */
export async function wasmHandler(path: string): Promise<HandlerFactory> {
  const { files } = await transpile(await readFile(path), {
    name: 'handler',
    instantiation: 'sync',
    noTypescript: true,
    nodejsCompat: false,
    wasiShim: false,
  });
  const script = Buffer.from(files['handler.js']!).toString('base64');
  const { instantiate } = (await import(`data:text/javascript;base64,${script}`)) as { instantiate: Instantiate };
  const modules = new Map<string, WebAssembly.Module>();
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('.wasm')) modules.set(name, new WebAssembly.Module(new Uint8Array(bytes)));
  }
  return (imports) => loadedHandler(instantiate((name) => modules.get(name)!, imports).handler);
}
