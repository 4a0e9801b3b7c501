import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { canonicalJson } from '../../kernel/schema/canonical.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { compileTemplate } from '../../kernel/template/compile.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { type Catalog, satisfies } from '../catalog/catalog.ts';
import type { LimitsConfig } from '../config/types.ts';
import { sha256 } from '../digest.ts';
import type { TemplateSource } from '../orchestrator/port.ts';
import { parseTemplateText } from './parse.ts';

/** What looking at templates needs from its surroundings. */
export interface TemplateCheckerOptions {
  readonly catalog: Catalog;
  readonly compiler: SchemaCompiler;
  readonly hooks: Hooks;
  readonly limits: LimitsConfig;
  /** Names of the planners there are; any will do when absent. */
  readonly planners?: () => readonly string[];
}

/** A template that was looked at: compiled when nothing was wrong with it. */
export interface CheckedTemplate {
  readonly diagnostics: readonly Diagnostic[];
  readonly compiled?: CompiledTemplate;
}

const CACHED_MAX = 500;

/** Reads and validates templates and their contexts; the same template is looked at once. */
export class TemplateChecker {
  readonly #options: TemplateCheckerOptions;
  readonly #checked = new Map<string, CheckedTemplate>();

  constructor(options: TemplateCheckerOptions) {
    this.#options = options;
  }

  /** Every problem of a template, with positions when it came as text. */
  check(source: TemplateSource): CheckedTemplate {
    // The handlers that a template may use come and go.
    const own = source.kind === 'text' ? `${source.file ?? ''}\n${source.text}` : canonicalJson(source.document);
    const key = sha256(`${this.#options.catalog.digest}\n${own}`);
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    const checked = source.kind === 'text' ? this.#checkText(source) : this.#checkDocument(ownCopy(source.document));
    this.#checked.set(key, checked);
    if (this.#checked.size > CACHED_MAX) this.#checked.delete(this.#checked.keys().next().value!);
    return checked;
  }

  /** What a context has against the template's `input_schema` and the operator's size limit. */
  checkContext(compiled: CompiledTemplate, context: JsonObject): readonly Diagnostic[] {
    const { compiler, limits } = this.#options;
    const bytes = Buffer.byteLength(JSON.stringify(context));
    if (bytes > limits.context_bytes_max) {
      const expected = `at most ${limits.context_bytes_max} bytes`;
      return [contextProblem('', 'the context is too large', { expected, got: `${bytes} bytes` })];
    }
    const schema = compiled.template.input_schema;
    if (schema === undefined) return [];
    const checked = compiler.compile(schema);
    if (!checked.ok) return checked.problems.map((each) => contextProblem('', `input_schema: ${each.message}`));
    return checked
      .check(context)
      .map(({ pointer, message, keyword: _, ...rest }) => contextProblem(pointer, message, rest));
  }

  #checkText(source: Extract<TemplateSource, { kind: 'text' }>): CheckedTemplate {
    const file = source.file === undefined ? {} : { file: source.file };
    const parsed = parseTemplateText(source.text, { ...file, bytesMax: this.#options.limits.template_bytes_max });
    if (parsed.document === undefined) return { diagnostics: parsed.diagnostics };
    const checked = this.#checkDocument(parsed.document);
    const located = checked.diagnostics.map((each) => ({ ...each, ...file, ...parsed.locate(each.pointer) }));
    const diagnostics = [...parsed.diagnostics, ...located].sort(byPosition);
    const failed = parsed.diagnostics.some((each) => each.severity === 'error');
    return failed || checked.compiled === undefined ? { diagnostics } : { diagnostics, compiled: checked.compiled };
  }

  #checkDocument(document: Json): CheckedTemplate {
    const { catalog, compiler, hooks, limits, planners } = this.#options;
    return compileTemplate(document, {
      catalog: catalog.entries(),
      satisfies,
      compiler,
      hooks,
      digest: sha256,
      stepsMax: limits.template_steps_max,
      ...(planners === undefined ? {} : { planners: planners() }),
    });
  }
}

/** The caller may change its own later; what was compiled, and is kept, must stay as it was checked. */
function ownCopy(document: Json): Json {
  return JSON.parse(JSON.stringify(document)) as Json;
}

/** As people read; what has no position comes last. */
function byPosition(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0) || 0;
}

function contextProblem(pointer: string, message: string, rest: Partial<Diagnostic> = {}): Diagnostic {
  return { code: 'context_invalid', severity: 'error', stage: 'context', pointer, message, ...rest };
}
