import semver from 'semver';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import { WeftError } from '../../kernel/errors.ts';
import { sha256 } from '../digest.ts';

/** What is offered at one moment; never changed, only replaced as a whole. */
interface Offer {
  /** Newest version first. */
  readonly byName: ReadonlyMap<string, readonly CatalogEntry[]>;
  /** Sorted by name, newest version first. */
  readonly entries: readonly CatalogEntry[];
  readonly digest: string;
}

/**
 * The handlers that are offered now, and those that steps may still be pinned to. Several versions of one name stand
 * side by side. Whoever reads sees one offer or the next, nothing between them.
 */
export class Catalog {
  #offer: Offer = offerOf(new Map());
  /** Offered now or before. */
  readonly #byDigest = new Map<string, CatalogEntry>();
  /** Digests by `name@version`: what a version has once meant here, it means for as long as this catalog lives. */
  readonly #meanings = new Map<string, string>();

  /** Of everything that is offered: what was derived from the catalog is still right while this is the same. */
  get digest(): string {
    return this.#offer.digest;
  }

  /**
   * Offers a handler; the same digest twice is one.
   * @throws handler_conflict when the name and version are taken by another digest, or were
   */
  register(entry: CatalogEntry): void {
    const { name, version, digest } = entry;
    const key = `${name}@${version}`;
    const registered = this.#meanings.get(key) ?? digest;
    if (registered !== digest) throw new WeftError('handler_conflict', { name, version, digest, registered });
    this.#meanings.set(key, digest);
    this.#byDigest.set(digest, entry);
    const versions = this.#offer.byName.get(name) ?? [];
    if (versions.some((other) => other.digest === digest)) return;
    this.#replace(
      name,
      [...versions, entry].sort((a, b) => semver.rcompare(a.version, b.version)),
    );
  }

  /** Offers a handler no longer; steps that are pinned to it still find it by its digest. */
  withdraw(digest: string): void {
    const entry = this.#byDigest.get(digest);
    const versions = entry === undefined ? [] : (this.#offer.byName.get(entry.name) ?? []);
    if (!versions.some((other) => other.digest === digest)) return;
    this.#replace(
      entry!.name,
      versions.filter((other) => other.digest !== digest),
    );
  }

  /** Keeps what steps may still be pinned to: found by its digest, offered to nobody. */
  keep(entry: CatalogEntry): void {
    if (!this.#byDigest.has(entry.digest)) this.#byDigest.set(entry.digest, entry);
  }

  /** Whether a handler is offered, not only kept. */
  offers(digest: string): boolean {
    const entry = this.#byDigest.get(digest);
    return entry !== undefined && (this.#offer.byName.get(entry.name) ?? []).some((each) => each.digest === digest);
  }

  /** The newest version of a handler that meets an npm semver range; an empty range means any release. */
  resolve(name: string, range: string): CatalogEntry | undefined {
    return this.#offer.byName.get(name)?.find((entry) => satisfies(entry.version, range));
  }

  byDigest(digest: string): CatalogEntry | undefined {
    return this.#byDigest.get(digest);
  }

  /** Sorted by name, newest version first. */
  entries(): readonly CatalogEntry[] {
    return this.#offer.entries;
  }

  #replace(name: string, versions: readonly CatalogEntry[]): void {
    const byName = new Map(this.#offer.byName);
    if (versions.length === 0) byName.delete(name);
    else byName.set(name, versions);
    this.#offer = offerOf(byName);
  }
}

function offerOf(byName: Offer['byName']): Offer {
  const entries = [...byName.keys()].sort().flatMap((name) => byName.get(name)!);
  return { byName, entries, digest: sha256(entries.map(({ digest }) => digest).join('\n')) };
}

/** Whether a version meets an npm semver range. Pre-releases meet only ranges that name one. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range === '' ? '*' : range);
}
