import type { Capability } from '../../kernel/capability/types.ts';
import type { CheckedComponent } from '../sandbox/component_check.ts';
import { checkShape } from '../sandbox/component_check.ts';
import { readComponent } from '../sandbox/structure/component_reader.ts';
import { readManifest } from '../toolchain/manifest.ts';
import { type ComponentLayout, readLayout } from './component_layout.ts';
import { AUTHOR_BOUNDS, type LoadedTarget, loadTarget, openAuthorStore, withCache } from './load.ts';
import type { Target } from './target.ts';

/** What there is to know of a component. */
export interface Inspection {
  readonly path: string;
  readonly digest: string;
  readonly size_bytes: number;
  /** WIT names, as `weft:http/client@1.0.0`, sorted. */
  readonly imports: CheckedComponent['imports'];
  readonly exports: readonly string[];
  /** The same as the text of a WIT world. */
  readonly world: string;
  readonly layout: ComponentLayout;
  /** What made it, when its manifest lies beside it. */
  readonly engine: string | null;
  readonly source_hash: string | null;
  /** As it describes itself in a cell, defaults filled in. */
  readonly capability: Capability;
}

/** Looks at a component: its bytes with the structural reader, its capability in a cell. @throws component_refused */
export function inspectComponent(target: Target): Promise<Inspection> {
  return withCache(async (cache) => describe(target, await loadTarget(target, await openAuthorStore(cache))));
}

function describe(target: Target, { bytes, digest, capability }: LoadedTarget): Inspection {
  const shape = readComponent(bytes);
  const { imports } = checkShape(shape, AUTHOR_BOUNDS);
  const exports = shape.exports.map(({ name }) => name).sort();
  const manifest = readManifest(target.component);
  const isItsOwn = manifest?.digest === digest;
  return {
    path: target.component,
    digest,
    size_bytes: bytes.length,
    imports,
    exports,
    world: worldText(imports, exports),
    layout: readLayout(bytes),
    engine: isItsOwn ? manifest.engine : null,
    source_hash: isItsOwn ? manifest.source_hash : null,
    capability,
  };
}

function worldText(imports: readonly string[], exports: readonly string[]): string {
  const lines = [...imports.map((name) => `  import ${name};`), ...exports.map((name) => `  export ${name};`)];
  return `world handler {\n${lines.join('\n')}\n}\n`;
}
