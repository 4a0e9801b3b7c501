import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { WeftError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import type { Blob } from '../blobs/port.ts';
import type { TaskSummary } from '../store/port.ts';

/** The version of the files that this code writes. */
const ARCHIVE_VERSION = 1;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Everything of a task. */
export interface TaskArchive {
  readonly summary: TaskSummary;
  readonly template: JsonObject;
  readonly journal: readonly JournalEntry[];
  /** The large values that the journal refers to. */
  readonly blobs: readonly Blob[];
}

/** A line of the file. The last one counts those before it. */
type Line =
  | { readonly weft_archive: number; readonly summary: TaskSummary }
  | { readonly template: JsonObject }
  | { readonly entry: JournalEntry }
  | { readonly blob: string; readonly base64: string }
  | { readonly lines: number };

/** Where a task's archive is: a folder for each day on which tasks settled (UTC). */
export function archiveFile(directory: string, { task_id, settled_at }: TaskSummary): string {
  const day = new Date(settled_at!).toISOString().slice(0, 10);
  return join(directory, day, `${task_id}.jsonl.gz`);
}

/**
 * Writes an archive: JSON lines, compressed, durable once this resolves. The same task gives the same bytes, so a file
 * that is there already is written again to no effect.
 * @throws archive_unwritable
 */
export async function writeArchive(file: string, archive: TaskArchive): Promise<void> {
  const partial = `${file}.partial`;
  try {
    const bytes = await compress(textOf(archive));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeDurably(partial, bytes);
    await rename(partial, file);
    // The names too: of the file in its folder, and of the folder.
    await syncDirectory(dirname(file));
    await syncDirectory(dirname(dirname(file)));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WeftError('archive_unwritable', { task_id: archive.summary.task_id, file, problem }, { cause });
  }
}

/** What an archive holds. @throws archive_unreadable */
export async function readArchive(file: string): Promise<TaskArchive> {
  try {
    const text = (await decompress(await readFile(file))).toString();
    return archiveOf(text.split('\n').slice(0, -1));
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WeftError('archive_unreadable', { file, problem }, { cause });
  }
}

function textOf({ summary, template, journal, blobs }: TaskArchive): string {
  const lines: Line[] = [
    { weft_archive: ARCHIVE_VERSION, summary },
    { template },
    ...journal.map((entry) => ({ entry })),
    ...blobs.map(({ digest, data }) => ({ blob: digest, base64: Buffer.from(data).toString('base64') })),
  ];
  lines.push({ lines: lines.length });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function archiveOf(texts: readonly string[]): TaskArchive {
  const lines = texts.map((text) => JSON.parse(text) as Line);
  const [head, second] = lines;
  const last = lines.at(-1);
  if (head === undefined || !('weft_archive' in head)) throw new Error('it does not begin as one');
  if (head.weft_archive !== ARCHIVE_VERSION) {
    throw new Error(`it is of version ${head.weft_archive}; this Weft reads ${ARCHIVE_VERSION}`);
  }
  if (second === undefined || !('template' in second)) throw new Error('it has no template');
  if (!('lines' in last!) || last.lines !== lines.length - 1) throw new Error('it ends too early');
  return {
    summary: head.summary,
    template: second.template,
    journal: lines.flatMap((line) => ('entry' in line ? [line.entry] : [])),
    blobs: lines.flatMap((line) =>
      'blob' in line ? [{ digest: line.blob, data: Buffer.from(line.base64, 'base64') }] : [],
    ),
  };
}

async function writeDurably(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
