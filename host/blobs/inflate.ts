import { type BlobRef, referenceIn } from '../../kernel/blob_ref.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import { type MapValue, mapValues } from '../../kernel/task/values.ts';
import { sha256 } from '../digest.ts';
import type { BlobSource } from './port.ts';

/** Something with all its values in their places. */
export interface Whole<T> {
  readonly value: T;
  /** Of the JSON of what was fetched. */
  readonly bytes: number;
}

/**
 * A journal with its large values in their places.
 * @throws store_corrupt, naming task and digest, when one is missing or not what its digest says; store_unavailable
 */
export function inflateJournal(
  task_id: string,
  entries: readonly JournalEntry[],
  source: BlobSource,
): Promise<Whole<readonly JournalEntry[]>> {
  const mapAll = (all: readonly JournalEntry[], map: MapValue): readonly JournalEntry[] =>
    all.map((entry) => ({ ...entry, events: entry.events.map((event) => mapValues(event, map)) }));
  return inflate(entries, mapAll, source, `the journal of task "${task_id}"`);
}

/**
 * Fetches the large values that `mapAll` finds references to, each once, and puts them in their places.
 *
 * @param what names the subject in messages.
 * @throws store_corrupt, store_unavailable
 */
export async function inflate<T>(
  subject: T,
  mapAll: (subject: T, map: MapValue) => T,
  source: BlobSource,
  what: string,
): Promise<Whole<T>> {
  const refs = new Map<string, BlobRef>();
  mapAll(subject, (value) => {
    const ref = reference(value, what);
    if (ref !== undefined) refs.set(ref.blob, ref);
    return value;
  });
  if (refs.size === 0) return { value: subject, bytes: 0 };
  const values = new Map<string, Json>();
  let bytes = 0;
  for (const [digest, ref] of refs) {
    values.set(digest, await fetchValue(ref, source, what));
    bytes += ref.bytes;
  }
  const value = mapAll(subject, (value) => {
    const ref = reference(value, what);
    return ref === undefined ? value : values.get(ref.blob)!;
  });
  return { value, bytes };
}

/** The bytes of a large value, and nothing else. @throws store_corrupt when they are not what their digest says */
export function verified(digest: string, data: Uint8Array, what: string): Uint8Array {
  const found = sha256(data);
  if (found === digest) return data;
  throw new WeftError('store_corrupt', { problem: `the large value ${digest} of ${what} is damaged: it has ${found}` });
}

async function fetchValue({ blob, bytes }: BlobRef, source: BlobSource, what: string): Promise<Json> {
  const data = await source.readBlob(blob);
  if (data === undefined) {
    const problem = `the large value ${blob} (${bytes} bytes) of ${what} is missing`;
    throw new WeftError('store_corrupt', { problem });
  }
  return JSON.parse(Buffer.from(verified(blob, data, what)).toString('utf8')) as Json;
}

function reference(value: Json, what: string): BlobRef | undefined {
  try {
    return referenceIn(value);
  } catch (cause) {
    throw new WeftError('store_corrupt', { problem: `${what}: ${(cause as Error).message}` }, { cause });
  }
}
