import { type BlobRef, referenceIn } from '../../kernel/blob_ref.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import { type MapValue, mapValues } from '../../kernel/task/values.ts';
import { sha256 } from '../digest.ts';
import type { Blob, BlobSource } from './port.ts';

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
  return inflate(entries, mapJournal, source, `the journal of task "${task_id}"`);
}

function mapJournal(entries: readonly JournalEntry[], map: MapValue): readonly JournalEntry[] {
  return entries.map((entry) => ({ ...entry, events: entry.events.map((event) => mapValues(event, map)) }));
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
  const refs = referencesIn(subject, mapAll, what);
  if (refs.length === 0) return { value: subject, bytes: 0 };
  const values = new Map<string, Json>();
  let bytes = 0;
  for (const ref of refs) {
    const data = await fetchBytes(ref, source, what);
    values.set(ref.blob, JSON.parse(Buffer.from(data).toString('utf8')) as Json);
    bytes += ref.bytes;
  }
  const value = mapAll(subject, (value) => {
    const ref = reference(value, what);
    return ref === undefined ? value : values.get(ref.blob)!;
  });
  return { value, bytes };
}

/** The large values that a journal refers to, each once. @throws store_corrupt, store_unavailable */
export async function journalBlobs(
  task_id: string,
  entries: readonly JournalEntry[],
  source: BlobSource,
): Promise<readonly Blob[]> {
  const what = `the journal of task "${task_id}"`;
  const blobs: Blob[] = [];
  for (const ref of referencesIn(entries, mapJournal, what)) {
    blobs.push({ digest: ref.blob, data: await fetchBytes(ref, source, what) });
  }
  return blobs;
}

/** The bytes of a large value, and nothing else. @throws store_corrupt when they are not what their digest says */
export function verified(digest: string, data: Uint8Array, what: string): Uint8Array {
  const found = sha256(data);
  if (found === digest) return data;
  throw new WeftError('store_corrupt', { problem: `the large value ${digest} of ${what} is damaged: it has ${found}` });
}

function referencesIn<T>(subject: T, mapAll: (subject: T, map: MapValue) => T, what: string): readonly BlobRef[] {
  const refs = new Map<string, BlobRef>();
  mapAll(subject, (value) => {
    const ref = reference(value, what);
    if (ref !== undefined) refs.set(ref.blob, ref);
    return value;
  });
  return [...refs.values()];
}

async function fetchBytes({ blob, bytes }: BlobRef, source: BlobSource, what: string): Promise<Uint8Array> {
  const data = await source.readBlob(blob);
  if (data === undefined) {
    const problem = `the large value ${blob} (${bytes} bytes) of ${what} is missing`;
    throw new WeftError('store_corrupt', { problem });
  }
  return verified(blob, data, what);
}

function reference(value: Json, what: string): BlobRef | undefined {
  try {
    return referenceIn(value);
  } catch (cause) {
    throw new WeftError('store_corrupt', { problem: `${what}: ${(cause as Error).message}` }, { cause });
  }
}
