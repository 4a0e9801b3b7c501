import type { RetentionView, RetiredTask } from '../orchestrator/port.ts';
import { timeText } from './format.ts';
import { type Paint, printable } from './io.ts';
import { type Column, renderTable } from './table.ts';

const MIB = 1024 * 1024;

/** Columns of a list of tasks that were removed, or would be. */
export const retiredColumns = (): readonly Column<RetiredTask>[] => [
  { title: 'TASK', of: ({ task_id }) => printable(task_id) },
  { title: 'TEMPLATE', of: ({ template_name }) => printable(template_name) },
  { title: 'STATUS', of: ({ status }) => status },
  { title: 'SETTLED', of: ({ settled_at }) => timeText(settled_at) },
  { title: 'ARCHIVE', of: ({ archive }) => printable(archive ?? '') },
  { title: 'PROBLEM', of: ({ problem }) => printable(problem ?? '') },
];

const ruleColumns = (): readonly Column<RetentionView['rules'][number]>[] => [
  { title: 'STATUS', of: ({ status }) => status },
  { title: 'DOES', of: ({ action }) => action },
  { title: 'AFTER', of: ({ action, after_hours }) => (action === 'keep' ? '' : `${after_hours} h`) },
  { title: 'DUE', of: ({ due }) => String(due) },
];

const actColumns = (): readonly Column<RetentionView['acts'][number]>[] => [
  { title: 'AT', of: ({ at }) => timeText(at) },
  { title: 'ACT', of: ({ act }) => act },
  { title: 'BY', of: ({ by }) => printable(by) },
  { title: 'REASON', of: ({ reason }) => printable(reason) },
  { title: 'DETAILS', of: ({ details }) => printable(JSON.stringify(details)) },
];

/** The rules of retention for people, and how things are. */
export function renderRetention({ rules, archive_directory, store, acts }: RetentionView, paint: Paint): string {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  const lines = [
    `${paint('bold', 'archives')}  ${printable(archive_directory)}`,
    `${paint('bold', 'store')}     ${mib(store.bytes)}, ${mib(store.free_bytes)} of it free for what comes`,
  ];
  const done = acts.length === 0 ? '' : `\n${renderTable(actColumns(), acts)}`;
  return `${lines.join('\n')}\n\n${renderTable(ruleColumns(), rules)}${done}`;
}
