/** A large value kept apart: the bytes, under their digest. */
export interface Blob {
  /** `sha256:<hex>` of the bytes. */
  readonly digest: string;
  readonly data: Uint8Array;
}

/** Where large values are fetched: the store itself, or whatever stands between a broker and it. */
export interface BlobSource {
  /** The bytes as they are kept, unchecked; undefined when there are none. @throws store_unavailable */
  readBlob(digest: string): Promise<Uint8Array | undefined>;
}

/** Where a broker leaves a large value before the message that refers to it. */
export interface BlobSink {
  /** Keeps the bytes for as long as a message may be under way. @throws store_unavailable */
  putBlob(blob: Blob): Promise<void>;
}
