import { createHash } from 'node:crypto';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { canonicalJson } from '../../kernel/schema/canonical.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { compileTemplate, compileTrusted } from '../../kernel/template/compile.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { type Catalog, satisfies } from '../catalog/catalog.ts';
import type { LimitsConfig } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import { parseTemplateText } from '../template/parse.ts';
import type { TemplateSource } from './port.ts';

/** What reading templates needs from its surroundings. */
export interface TemplatesOptions {
  readonly store: Pick<Store, 'getTemplate' | 'putTemplate'>;
  readonly catalog: Catalog;
  readonly compiler: SchemaCompiler;
  readonly hooks: Hooks;
  readonly limits: LimitsConfig;
}

/** A template that was looked at: compiled when nothing was wrong with it. */
export interface CheckedTemplate {
  readonly diagnostics: readonly Diagnostic[];
  readonly compiled?: CompiledTemplate;
}

const CACHED_MAX = 500;

/** Reads, validates and keeps templates; each is compiled once. */
export class Templates {
  readonly #options: TemplatesOptions;
  /** By digest of the source as it was sent. */
  readonly #checked = new Map<string, CheckedTemplate>();
  readonly #compiled = new Map<string, CompiledTemplate>();
  readonly #stored = new Set<string>();

  constructor(options: TemplatesOptions) {
    this.#options = options;
  }

  /** Every problem of a template, with positions when it came as text. */
  check(source: TemplateSource): CheckedTemplate {
    const key = sha256(
      source.kind === 'text' ? `${source.file ?? ''}\n${source.text}` : canonicalJson(source.document),
    );
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    const checked = source.kind === 'text' ? this.#checkText(source) : this.#checkDocument(source.document);
    keep(this.#checked, key, checked);
    return checked;
  }

  /** @throws template_invalid with every diagnostic */
  compile(source: TemplateSource): CompiledTemplate {
    const { compiled, diagnostics } = this.check(source);
    if (compiled === undefined) {
      const count = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
      throw new WeftError('template_invalid', { count }, { diagnostics });
    }
    keep(this.#compiled, compiled.digest, compiled);
    return compiled;
  }

  /** Makes a compiled template durable, so that its tasks can be folded by any later process. */
  async store(compiled: CompiledTemplate): Promise<void> {
    if (this.#stored.has(compiled.digest)) return;
    await this.#options.store.putTemplate(compiled.digest, compiled.template as unknown as JsonObject);
    this.#stored.add(compiled.digest);
  }

  /** A template that was stored before. @throws store_corrupt when it is not there */
  async load(digest: string): Promise<CompiledTemplate> {
    const known = this.#compiled.get(digest);
    if (known !== undefined) return known;
    const document = await this.#options.store.getTemplate(digest);
    if (document === undefined) throw new WeftError('store_corrupt', { problem: `template ${digest} is missing` });
    const compiled = compileTrusted(document, digest);
    keep(this.#compiled, digest, compiled);
    return compiled;
  }

  #checkText(source: Extract<TemplateSource, { kind: 'text' }>): CheckedTemplate {
    const file = source.file === undefined ? {} : { file: source.file };
    const parsed = parseTemplateText(source.text, { ...file, bytesMax: this.#options.limits.template_bytes_max });
    if (parsed.document === undefined) return { diagnostics: parsed.diagnostics };
    const checked = this.#checkDocument(parsed.document);
    const located = checked.diagnostics.map((diagnostic) => ({
      ...diagnostic,
      ...file,
      ...parsed.locate(diagnostic.pointer),
    }));
    const diagnostics = [...parsed.diagnostics, ...located];
    const failed = parsed.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    return failed || checked.compiled === undefined ? { diagnostics } : { diagnostics, compiled: checked.compiled };
  }

  #checkDocument(document: Json): CheckedTemplate {
    const { catalog, compiler, hooks, limits } = this.#options;
    return compileTemplate(document, {
      catalog: catalog.entries(),
      satisfies,
      compiler,
      hooks,
      digest: sha256,
      stepsMax: limits.template_steps_max,
    });
  }
}

/** `sha256:<hex>` of a text (UTF-8) or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function keep<V>(cache: Map<string, V>, key: string, value: V): void {
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > CACHED_MAX) cache.delete(cache.keys().next().value!);
}
