import type { BlobReference } from '../../kernel/blob_ref.ts';
import { looksLikeReference } from '../../kernel/blob_ref.ts';
import type { Json } from '../../kernel/json.ts';
import { jsonSize } from '../../kernel/schema/size.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { type MapValue, mapValues } from '../../kernel/task/values.ts';
import { sha256 } from '../digest.ts';
import type { Blob } from './port.ts';

/** A value whose JSON has more bytes than this leaves the journal and the messages. */
export const BLOB_THRESHOLD_BYTES = 256 * 1024;

/** Of the JSON of a value, however it is escaped: `\u0000` is one unit and six bytes. */
const BYTES_PER_UNIT_MAX = 6;

/** Something with its large values kept apart. */
export interface Apart<T> {
  /** References stand in their places. */
  readonly value: T;
  /** Each digest once. */
  readonly blobs: readonly Blob[];
}

/**
 * Takes large values out of what is journaled and sent, and leaves references in their places. The same value gives
 * the same reference; its text is what `JSON.stringify` makes of it, so that a value that was kept apart comes back
 * with its keys in their order, as one that was not.
 */
export class BlobCodec {
  readonly #threshold_bytes: number;

  constructor(threshold_bytes = BLOB_THRESHOLD_BYTES) {
    this.#threshold_bytes = threshold_bytes;
  }

  /** Events as the journal has them. */
  events(events: readonly TaskEvent[]): Apart<readonly TaskEvent[]> {
    return this.apart(events, (all, map) => all.map((event) => mapValues(event, map)));
  }

  /** Anything whose values `mapAll` finds. */
  apart<T>(whole: T, mapAll: (whole: T, map: MapValue) => T): Apart<T> {
    const blobs = new Map<string, Blob>();
    const value = mapAll(whole, (value) => {
      const text = this.#largeText(value);
      if (text === undefined) return value;
      const data = Buffer.from(text);
      const digest = sha256(data);
      blobs.set(digest, { digest, data });
      const reference: BlobReference = { $blob: { blob: digest, bytes: data.length, media_type: 'application/json' } };
      return reference;
    });
    return { value, blobs: [...blobs.values()] };
  }

  /** The JSON of a value that is kept apart; undefined for one that stays. */
  #largeText(value: Json): string | undefined {
    if (looksLikeReference(value)) return JSON.stringify(value);
    // Most values are far below, and counting them is cheaper than writing them.
    const units = jsonSize(value, this.#threshold_bytes);
    if (units * BYTES_PER_UNIT_MAX <= this.#threshold_bytes) return undefined;
    const text = JSON.stringify(value);
    return Buffer.byteLength(text) > this.#threshold_bytes ? text : undefined;
  }
}
