import type { BlobRef } from '../../kernel/blob_ref.ts';
import type { RecordedAnswer } from '../../kernel/task/commands.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import type { Blob } from '../blobs/port.ts';
import { sha256 } from '../digest.ts';
import type { AnswerData } from '../transport/messages.ts';

/** A planner's answer as the kernel records it, and the texts that its journal entries refer to. */
export function recordedAnswer({ prompt, ...answer }: AnswerData): {
  readonly answer: RecordedAnswer;
  readonly texts: readonly Blob[];
} {
  const text = kept(answer.text, 'application/json');
  const asked = kept(prompt.text, prompt.media_type);
  return { answer: { ...answer, blob: text.ref, prompt: asked.ref }, texts: [text.blob, asked.blob] };
}

/** The texts that events refer to and that are at hand. */
export function textsOf(events: readonly TaskEvent[], texts: ReadonlyMap<string, Blob>): readonly Blob[] {
  const refs = events.flatMap((event): readonly BlobRef[] => {
    if (event.kind === 'plan_requested') return [event.prompt];
    if (event.kind === 'plan_answered') return [event.answer];
    return event.kind === 'plan_accepted' ? [event.fragment] : [];
  });
  return [...new Set(refs.map(({ blob }) => blob))].flatMap((digest) => texts.get(digest) ?? []);
}

/** Where a plan stands in a commit that is about to be made, as a named point of `Faults`. */
export type PlanPoint = 'orchestrator.plan_answered' | 'orchestrator.plan_rejected' | 'orchestrator.plan_accepted';

/** The points that a commit of these events passes. */
export function planPoints(events: readonly TaskEvent[]): readonly PlanPoint[] {
  return events.flatMap(({ kind }): readonly PlanPoint[] =>
    kind === 'plan_answered' || kind === 'plan_rejected' || kind === 'plan_accepted' ? [`orchestrator.${kind}`] : [],
  );
}

function kept(text: string, media_type: string): { readonly ref: BlobRef; readonly blob: Blob } {
  const data = Buffer.from(text);
  const digest = sha256(data);
  return { ref: { blob: digest, bytes: data.length, media_type }, blob: { digest, data } };
}
