import { WeftError } from '../../kernel/errors.ts';
import { canonicalJson } from '../../kernel/schema/canonical.ts';
import { fold } from '../../kernel/task/apply.ts';
import { compileTrusted } from '../../kernel/template/compile.ts';
import { inflateJournal } from '../blobs/inflate.ts';
import { sha256 } from '../digest.ts';
import type { TaskView } from '../orchestrator/port.ts';
import { taskView } from '../orchestrator/views.ts';
import { readArchive } from './archive.ts';

/** An archived task as people saw it last. @throws archive_unreadable, journal_corrupt, store_corrupt */
export async function archivedTask(file: string): Promise<TaskView> {
  const { summary, template, journal, blobs } = await readArchive(file);
  const digest = summary.template_digest;
  if (sha256(canonicalJson(template)) !== digest) {
    throw new WeftError('archive_unreadable', { file, problem: `its template is not the one with digest ${digest}` });
  }
  const source = { readBlob: async (wanted: string) => blobs.find((blob) => blob.digest === wanted)?.data };
  const { value: entries } = await inflateJournal(summary.task_id, journal, source);
  return taskView(fold(compileTrusted(template, digest), entries), () => undefined);
}
