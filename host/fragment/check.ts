import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import { FRAGMENT_LIMITS } from '../../kernel/fragment/limits.ts';
import { frameContext, freeContext } from '../../kernel/fragment/surroundings.ts';
import type { FragmentContext, ValidFragment } from '../../kernel/fragment/types.ts';
import { validateFragment } from '../../kernel/fragment/validate.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
import type { ValidationEnvironment } from '../../kernel/validation/pipeline.ts';
import type { TemplateChecker } from '../template/checker.ts';
import { parseTemplateText } from '../template/parse.ts';

/** A text and the file that it stands in. */
export interface SourceFile {
  readonly text: string;
  readonly file: string;
}

/** The step of a template whose plan a fragment is taken for. */
export interface FrameStep {
  readonly template: SourceFile;
  readonly step: string;
}

/** What a fragment came to; `valid` is absent when there are errors. */
export interface CheckedFragment {
  readonly diagnostics: readonly Diagnostic[];
  readonly valid?: ValidFragment;
}

/**
 * Where a fragment would run: in a template, or alone, where any host and secret of its own is out of reach.
 * @throws template_invalid, usage_invalid when the template has no such step
 */
export function contextFor(
  frame: FrameStep | undefined,
  checker: TemplateChecker,
  env: ValidationEnvironment,
): FragmentContext {
  if (frame === undefined) return freeContext(env);
  const { text, file } = frame.template;
  const { compiled, diagnostics } = checker.check({ kind: 'text', text, file });
  if (compiled === undefined) {
    const count = diagnostics.filter(({ severity }) => severity === 'error').length;
    throw new WeftError('template_invalid', { count }, { diagnostics });
  }
  const context = frameContext(compiled, frame.step, env);
  if (context !== undefined) return context;
  const hint = didYouMean(frame.step, compiled.index_of.keys());
  const problem = `${file} has no step "${frame.step}"${hint === undefined ? '' : `: ${hint}`}`;
  throw new WeftError('usage_invalid', { problem });
}

/** Validates the text of a fragment, in JSON or YAML, and says where in it each problem stands. */
export function checkFragmentText({ text, file }: SourceFile, context: FragmentContext): CheckedFragment {
  const parsed = parseTemplateText(text, { file, bytesMax: FRAGMENT_LIMITS.bytes_max });
  if (parsed.document === undefined) return { diagnostics: parsed.diagnostics };
  const validation = validateFragment({ kind: 'document', document: parsed.document }, context);
  const found = validation.ok ? validation.valid.warnings : validation.diagnostics;
  const located = found.map((each) => ({ ...each, file, ...parsed.locate(each.pointer) }));
  const diagnostics = [...parsed.diagnostics, ...located];
  const isSound = validation.ok && !parsed.diagnostics.some(({ severity }) => severity === 'error');
  return isSound ? { diagnostics, valid: validation.valid } : { diagnostics };
}
