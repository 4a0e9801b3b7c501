import { readFileSync } from 'node:fs';
import type { Capability } from '../../kernel/capability/types.ts';
import { validateCapability } from '../../kernel/capability/validate.ts';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
import type { Problem } from '../../kernel/schema/problem.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { parseTemplateText } from '../template/parse.ts';
import { BuildError } from './build_error.ts';

const compiler = hostSchemaCompiler();

/**
 * Reads a handler's `capability.json`, its defaults filled in.
 * @param interfaces what a handler may import
 * @throws BuildError with every problem at its line
 */
export function readCapability(file: string, name: string, interfaces: readonly string[]): Capability {
  const { document, diagnostics, locate } = parseTemplateText(readText(file), { file });
  if (document === undefined || diagnostics.length > 0) throw new BuildError(diagnostics);
  const at = (problem: Problem): Diagnostic => ({
    ...diagnose('capability_invalid', problem),
    file,
    ...locate(problem.pointer),
  });
  const validated = validateCapability(document, compiler);
  if (!validated.ok) throw new BuildError(validated.problems.map(at));
  const { capability } = validated;
  const problems = [...nameProblems(capability, name), ...importProblems(capability, interfaces)];
  if (problems.length > 0) throw new BuildError(problems.map(at));
  return capability;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message: problem } = error as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'is missing' : `cannot be read: ${problem}`;
    const suggestion = 'write a capability.json beside handler.ts, as handlers/guest/README.md says';
    throw new BuildError([{ ...diagnose('capability_invalid', { pointer: '', message, suggestion }), file }], error);
  }
}

function nameProblems({ name }: Capability, folder: string): Problem[] {
  if (name === folder) return [];
  return [{ pointer: '/name', message: 'must be the name of its folder', expected: folder, got: name }];
}

function importProblems({ imports }: Capability, interfaces: readonly string[]): Problem[] {
  return imports.flatMap((name, index) => {
    if (interfaces.includes(name)) return [];
    const suggestion = didYouMean(name, interfaces) ?? `the host offers ${interfaces.join(', ')}`;
    return [{ pointer: `/imports/${index}`, message: 'is no interface of the host', got: name, suggestion }];
  });
}
