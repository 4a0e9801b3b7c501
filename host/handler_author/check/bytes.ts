import { isDeepStrictEqual } from 'node:util';
import { COMPONENT_BYTES_MAX } from '../../sandbox/limits.ts';
import { BuildError } from '../../toolchain/build_error.ts';
import { readManifest } from '../../toolchain/manifest.ts';
import { type CheckFinding, fail, listed, pass, skip } from './finding.ts';
import type { Subject } from './subject.ts';

/** The manifest beside the component says what the component says of itself. */
export function checkManifest({ target, loaded }: Subject): CheckFinding {
  const check = 'manifest';
  const manifest = readManifest(target.component);
  if (manifest === undefined) return skip(check, 'no manifest lies beside the component');
  const { digest, capability, bytes } = loaded;
  const wrong = [
    ...(manifest.digest === digest ? [] : [`its digest is ${manifest.digest}, and the component's ${digest}`]),
    ...(manifest.size_bytes === bytes.length ? [] : [`it says ${manifest.size_bytes} bytes of ${bytes.length}`]),
    ...(manifest.name === capability.name ? [] : [`it is called "${manifest.name}"`]),
    ...(manifest.version === capability.version ? [] : [`it has version ${manifest.version}`]),
    ...(isDeepStrictEqual(manifest.capability, capability) ? [] : ['its capability is another']),
  ];
  if (wrong.length === 0) return pass(check, `it agrees with the component, ${capability.name}@${capability.version}`);
  return fail(check, listed(wrong), 'build the component again: `weft handlers build --force`');
}

/** The component imports what its capability declares: no more (that is refused before), and no less. */
export function checkImports({ loaded }: Subject, imports: readonly string[]): CheckFinding {
  const check = 'imports';
  const unused = loaded.capability.imports.filter((name) => !imports.includes(name));
  if (unused.length === 0) return pass(check, imports.length === 0 ? 'none' : imports.join(', '));
  return fail(
    check,
    `its capability declares ${unused.join(', ')}, which it does not import`,
    'declare what is imported',
  );
}

/** The source beside it is what the component was built from. */
export async function checkSource({ target, loaded }: Subject): Promise<CheckFinding> {
  const check = 'source';
  if (target.kind === 'component') return skip(check, 'there is no source; name it with --source');
  const { isCurrent } = await import('../../toolchain/build_component.ts');
  try {
    if (await isCurrent(loaded.capability.name, target.folder, target.component))
      return pass(check, 'the component is what the source gives');
    return fail(check, 'the source gives another component', 'build it again: `weft handlers build`');
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return fail(check, `the source does not build: ${error.message}`, 'mend the source');
  }
}

/** Its size. */
export function checkSize({ loaded }: Subject): CheckFinding {
  const { length } = loaded.bytes;
  // Above it no component is loaded at all, so this one is below.
  return pass('size', `${megabytes(length)} of at most ${megabytes(COMPONENT_BYTES_MAX)}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
