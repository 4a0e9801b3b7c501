import { LineCounter } from 'yaml';
import { type Diagnostic, type DiagnosticCode, diagnose, shortened } from '../../kernel/diagnostics.ts';
import type { Json } from '../../kernel/json.ts';
import type { Problem } from '../../kernel/schema/problem.ts';
import { TEMPLATE_LIMITS } from '../../kernel/validation/limits.ts';
import { composeYaml } from './compose_yaml.ts';
import { createLocator } from './locate.ts';
import { readNode } from './read_node.ts';

/** A place in a text; both are 1-based, columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ParsedTemplate {
  /** Absent when the text cannot be read at all. */
  readonly document?: Json;
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Where a value stands: a member at its key, an item at its start; what is not there, at the nearest value around
   * it. Aliases lead to what they stand for.
   */
  locate(pointer: string): Position;
}

export interface ParseOptions {
  /** Named in the diagnostics. */
  readonly file?: string;
  /** Of the text in UTF-8; 1 MiB when absent. */
  readonly bytesMax?: number;
}

/** What is wrong, at an offset of the text in UTF-16 units. */
export type Complain = (code: DiagnosticCode, offset: number, problem: Problem) => void;

/**
 * Reads a template's text (YAML 1.2, of which JSON is a part) and keeps where everything stands. Total and linear in
 * the text: size and nesting are bounded before anything recurses, aliases before anything is expanded. Reports every
 * problem; a document comes back when what is wrong lets the rest be checked, so problems alone refuse the template.
 */
export function parseTemplateText(text: string, options: ParseOptions = {}): ParsedTemplate {
  const diagnostics: Diagnostic[] = [];
  const lines = new LineCounter();
  lines.addNewLine(0);
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const complain: Complain = (code, offset, problem) => {
    const file = options.file === undefined ? {} : { file: options.file };
    diagnostics.push({ ...diagnose(code, problem), ...file, ...positionAt(offset) });
  };
  const nothing = (): ParsedTemplate => ({
    diagnostics: shortened(diagnostics),
    locate: () => ({ line: 1, column: 1 }),
  });

  const bytesMax = options.bytesMax ?? TEMPLATE_LIMITS.bytes_max;
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) {
    complain('document_too_large', 0, {
      pointer: '',
      message: `the text has ${bytes} bytes; at most ${bytesMax} are allowed`,
      expected: bytesMax,
      got: bytes,
      suggestion: 'pass large data in the context, or let a step fetch it',
    });
    return nothing();
  }
  const root = composeYaml(text, lines, complain);
  if (root === undefined) return nothing();
  const { value, aliases } = readNode(root, bytesMax, complain);
  const offsetOf = createLocator(root, aliases);
  return { document: value, diagnostics: shortened(diagnostics), locate: (pointer) => positionAt(offsetOf(pointer)) };
}
