import semver from 'semver';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import { WeftError } from '../../kernel/errors.ts';

/** The handlers registered now. Several versions of one name stand side by side. */
export class Catalog {
  readonly #byDigest = new Map<string, CatalogEntry>();
  /** Newest version first. */
  readonly #byName = new Map<string, CatalogEntry[]>();

  /**
   * Adds a handler; the same digest twice is one.
   * @throws handler_conflict when the name and version are taken by another digest
   */
  register(entry: CatalogEntry): void {
    const versions = this.#byName.get(entry.name) ?? [];
    const taken = versions.find((other) => other.version === entry.version);
    if (taken?.digest === entry.digest) return;
    if (taken !== undefined) {
      const { name, version, digest } = entry;
      throw new WeftError('handler_conflict', { name, version, digest, registered: taken.digest });
    }
    this.#byDigest.set(entry.digest, entry);
    this.#byName.set(
      entry.name,
      [...versions, entry].sort((a, b) => semver.rcompare(a.version, b.version)),
    );
  }

  /** Keeps what steps may still be pinned to: found by its digest, offered to nobody. */
  keep(entry: CatalogEntry): void {
    if (!this.#byDigest.has(entry.digest)) this.#byDigest.set(entry.digest, entry);
  }

  /** The newest version of a handler that meets an npm semver range; an empty range means any release. */
  resolve(name: string, range: string): CatalogEntry | undefined {
    return this.#byName.get(name)?.find((entry) => satisfies(entry.version, range));
  }

  byDigest(digest: string): CatalogEntry | undefined {
    return this.#byDigest.get(digest);
  }

  /** Sorted by name, newest version first. */
  entries(): readonly CatalogEntry[] {
    return [...this.#byName.keys()].sort().flatMap((name) => this.#byName.get(name)!);
  }
}

/** Whether a version meets an npm semver range. Pre-releases meet only ranges that name one. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range === '' ? '*' : range);
}
