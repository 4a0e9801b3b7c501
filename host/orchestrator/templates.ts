import { WeftError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { compileTrusted } from '../../kernel/template/compile.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import type { Store } from '../store/port.ts';

const CACHED_MAX = 500;

/** The templates that tasks were made from: durable, so that any later process can fold their journals. */
export class Templates {
  readonly #store: Pick<Store, 'getTemplate' | 'putTemplate'>;
  /** Stored ones, least recently used first. */
  readonly #known = new Map<string, CompiledTemplate>();

  constructor(store: Pick<Store, 'getTemplate' | 'putTemplate'>) {
    this.#store = store;
  }

  /** Makes a compiled template durable. */
  async keep(compiled: CompiledTemplate): Promise<void> {
    if (this.#known.has(compiled.digest)) return;
    await this.#store.putTemplate(compiled.digest, compiled.template as unknown as JsonObject);
    this.#remember(compiled);
  }

  /** A template that was kept before. @throws store_corrupt when it is not there */
  async load(digest: string): Promise<CompiledTemplate> {
    const known = this.#known.get(digest);
    if (known !== undefined) {
      this.#remember(known);
      return known;
    }
    const document = await this.#store.getTemplate(digest);
    if (document === undefined) throw new WeftError('store_corrupt', { problem: `template ${digest} is missing` });
    const compiled = compileTrusted(document, digest);
    this.#remember(compiled);
    return compiled;
  }

  #remember(compiled: CompiledTemplate): void {
    this.#known.delete(compiled.digest);
    this.#known.set(compiled.digest, compiled);
    if (this.#known.size > CACHED_MAX) this.#known.delete(this.#known.keys().next().value!);
  }
}
