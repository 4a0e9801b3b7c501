import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Capability } from '../../kernel/capability/types.ts';

/** The sidecar `<name>.json` beside each component. */
export interface HandlerManifest {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of the component's bytes. */
  readonly digest: string;
  /** `sha256:<hex>` of what it was built from: bundled script, capability, WIT, engine. */
  readonly source_hash: string;
  readonly size_bytes: number;
  /** What it runs on, as `componentize-qjs 0.4.5`. */
  readonly engine: string;
  /** As `describe()` gives it, defaults filled in. */
  readonly capability: Capability;
}

/** The manifest of a component, or undefined when either of the two is missing or unreadable. */
export function readManifest(component: string): HandlerManifest | undefined {
  const path = manifestPath(component);
  if (!existsSync(component) || !existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as HandlerManifest;
  } catch {
    return undefined;
  }
}

/** Writes component and manifest so that no reader sees half a file, or a manifest without its component. */
export function writeComponent(path: string, component: Uint8Array, manifest: HandlerManifest): void {
  replaceFile(path, component);
  replaceFile(manifestPath(path), `${JSON.stringify(manifest, null, 2)}\n`);
}

function manifestPath(component: string): string {
  return component.replace(/\.wasm$/, '.json');
}

function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
