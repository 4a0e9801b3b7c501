import type { Capability } from '../../kernel/capability/types.ts';
import { validateCapability } from '../../kernel/capability/validate.ts';
import { diagnose } from '../../kernel/diagnostics.ts';
import type { Json } from '../../kernel/json.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { Refusal } from './refusal.ts';

/** What a component says of itself, if it is a capability. @throws Refusal naming every problem */
export function acceptCapability(value: Json, compiler: SchemaCompiler): Capability {
  const validated = validateCapability(value, compiler);
  if (validated.ok) return validated.capability;
  const diagnostics = validated.problems.map((problem) => {
    const message = `its capability is not valid: ${problem.pointer === '' ? 'it ' : ''}${problem.message}`;
    return diagnose('capability_invalid', { ...problem, message });
  });
  throw new Refusal('capability', diagnostics);
}
