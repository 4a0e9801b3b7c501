import { isSettled } from '../../kernel/task/task_machine.ts';
import type { DeadLetterView, GivenValue, TaskView } from '../orchestrator/port.ts';
import type { DeadLetterRow } from '../store/port.ts';
import { fields } from './fields.ts';
import { durationText, timeText } from './format.ts';
import { type Paint, printable } from './io.ts';
import type { Column } from './table.ts';
import { failureText } from './timeline.ts';

/** Columns of a list of dead letters. */
export const deadLetterColumns =
  (now: number) =>
  (paint: Paint): readonly Column<DeadLetterRow>[] => [
    { title: 'TASK', of: ({ task_id }) => printable(task_id) },
    { title: 'STEP', of: ({ step_name }) => printable(step_name) },
    { title: 'REASON', of: ({ reason }) => paint('red', reason) },
    { title: 'STATE', of: ({ state }) => state },
    { title: 'ATTEMPTS', of: ({ attempts }) => String(attempts) },
    { title: 'FOR', of: ({ since }) => durationText(Math.max(0, now - since)) },
    { title: 'NOTES', of: ({ notes }) => (notes === 0 ? '' : String(notes)) },
    { title: 'HANDLER', of: handlerText },
    { title: 'FAILURE', of: (row) => failureText(row) },
  ];

/** A dead letter for people, with the commands that recover its step at the end. */
export function renderDeadLetter(entry: DeadLetterView, paint: Paint): string {
  const { closed_by, closed_at, closed_reason, handler_digest: digest } = entry;
  const facts = fields(
    [
      ['step', printable(`${entry.step_name} (${entry.step_id}), ${entry.step_status}`)],
      ['task', printable(`${entry.task_id} of ${entry.template_name} in ${entry.namespace}, ${entry.task_status}`)],
      ['handler', `${handlerText(entry)}${digest === null ? '' : printable(` (${digest})`)}`],
      ['reason', `${paint('red', entry.reason)}: ${failureText(entry)}`],
      ['state', entry.state],
      ...(closed_at === null
        ? []
        : [['closed', `${timeText(closed_at)} by ${printable(closed_by ?? '')}: ${printable(closed_reason ?? '')}`]]),
      ['attempts', String(entry.attempts)],
      ['landed', landedText(entry)],
      ...(entry.reason === 'stuck' ? [['waits since', timeText(entry.since)]] : []),
      ...givenLine('config', entry.config),
      ...givenLine('inputs', entry.inputs),
    ],
    paint,
  );
  const workers = entry.failed_workers_count;
  const parts = [
    section(
      `failures`,
      entry.failures.map(({ at, attempt, failure }) => `${timeText(at)}  attempt ${attempt}  ${failureText(failure)}`),
      paint,
    ),
    section(
      `failed workers (${workers})`,
      entry.failed_workers.map(({ step, failure }) => `${printable(step)}  ${failureText(failure)}`),
      paint,
    ),
    section(
      'history',
      entry.history.map(
        ({ at, what, by, text }) =>
          `${timeText(at)}  ${what}${by === null ? '' : ` by ${printable(by)}`}: ${printable(text)}`,
      ),
      paint,
    ),
    section('what to do', advice(entry), paint),
  ];
  return facts + parts.join('');
}

/** Where to read on about the open dead letters of a task. */
export function deadLetterPointers({ task_id, steps }: TaskView): readonly string[] {
  return steps
    .filter(({ dead_letter }) => dead_letter?.state === 'open')
    .map(({ name, dead_letter }) => `${dead_letter!.reason}: weft dlq show ${words(task_id, name)}`);
}

function section(title: string, lines: readonly string[], paint: Paint): string {
  if (lines.length === 0) return '';
  return `\n${paint('bold', title)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** What can be done now, as commands to copy. */
function advice(entry: DeadLetterView): readonly string[] {
  const { state, step_status, task_status, step_type } = entry;
  const at = words(entry.task_id, entry.step_name);
  const close = state === 'open' ? [`weft dlq resolve ${at} --reason '…'`] : [];
  if (isSettled(task_status)) {
    if (close.length === 0) return [];
    return [
      `the task is ${task_status}: nothing can change it; submit it again if it is still wanted, and close this`,
      ...close,
    ];
  }
  const more = step_type === 'decision' ? ` --branch STEP` : step_type === 'batchable' ? ` --items '[…]'` : '';
  const resolve = `weft step resolve ${at} --result '{…}'${more} --reason '…'`;
  const cancel = `weft task cancel ${words(entry.task_id)} --reason '…'`;
  if (step_status === 'error') return [`weft step retry ${at} --reason '…'`, resolve, cancel, ...close];
  if (state !== 'open') return [];
  const worker = step_status === 'waiting_for_worker' ? 'weft handlers list' : 'weft doctor';
  return [worker, resolve, cancel, ...close];
}

function landedText({ openings, first_at, last_at }: DeadLetterRow): string {
  return openings === 1 ? timeText(first_at) : `${openings} times, ${timeText(first_at)} to ${timeText(last_at)}`;
}

function handlerText({ handler, handler_version }: DeadLetterRow): string {
  return printable(`${handler}@${handler_version ?? '?'}`);
}

function givenLine(name: string, given: GivenValue | null): readonly (readonly string[])[] {
  if (given === null) return [];
  return [[name, printable('value' in given ? JSON.stringify(given.value) : `(${given.left_out})`)]];
}

/** Words as a shell takes them. */
function words(...given: readonly string[]): string {
  return given
    .map((word) => (/^[\w.-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
