import { readFileSync } from 'node:fs';
import type { Capability } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { BundleError } from './bundle.ts';

/**
 * Reads a handler's `capability.json`.
 * @throws BundleError when it is absent, no JSON, of another name, or imports an interface that does not exist
 */
export function readCapability(file: string, name: string, interfaces: readonly string[]): Capability {
  const problem = (pointer: string, message: string, suggestion: string): Diagnostic => ({
    code: 'capability_invalid',
    severity: 'error',
    stage: 'schema',
    pointer,
    file,
    message,
    suggestion,
  });
  let capability: Capability;
  try {
    capability = JSON.parse(readFileSync(file, 'utf8')) as Capability;
  } catch (error) {
    throw new BundleError([problem('', (error as Error).message, 'write a capability.json beside handler.ts')]);
  }
  const problems: Diagnostic[] = [];
  if (capability.name !== name) {
    problems.push(problem('/name', `its name is "${capability.name}" and its folder "${name}"`, 'make them the same'));
  }
  for (const [index, each] of capability.imports.entries()) {
    if (interfaces.includes(each)) continue;
    problems.push(
      problem(`/imports/${index}`, `no interface is named "${each}"`, `the host offers ${interfaces.join(', ')}`),
    );
  }
  if (problems.length > 0) throw new BundleError(problems);
  return capability;
}
