import type { Json, JsonObject } from './json.ts';

/** A large value that is kept apart: under the digest of its bytes. */
export interface BlobRef extends JsonObject {
  /** `sha256:<hex>` of the bytes. */
  readonly blob: string;
  readonly bytes: number;
  readonly media_type: string;
}

/** What stands where a large value would be. */
export interface BlobReference extends JsonObject {
  readonly $blob: BlobRef;
}

/**
 * Whether a value could be taken for a reference. Where references may stand, a value of somebody else's that looks
 * like one is kept apart whatever its size, so that a reference is always Weft's own.
 */
export function looksLikeReference(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$blob');
}

/** The reference that a value is; undefined when it is a value. @throws Error when it is a damaged reference */
export function referenceIn(value: Json): BlobRef | undefined {
  if (!looksLikeReference(value)) return undefined;
  const ref = value['$blob'] as Partial<BlobRef> | null;
  if (typeof ref === 'object' && ref !== null && typeof ref.blob === 'string' && typeof ref.bytes === 'number') {
    return ref as BlobRef;
  }
  throw new Error('a reference to a large value names no digest and size');
}
