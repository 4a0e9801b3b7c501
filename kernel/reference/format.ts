import type { Reference } from '../template/types.ts';

/** The canonical text of a reference; `parseReference` gives an equal reference back. */
export function formatReference({ root, path }: Pick<Reference, 'root' | 'path'>): string {
  return `\${${formatRoot(root)}${path.map(formatSegment).join('')}}`;
}

function formatRoot(root: Reference['root']): string {
  switch (root.kind) {
    case 'task_context':
      return 'task.context';
    case 'task_id':
      return 'task.id';
    case 'step':
      return `steps${formatSegment(root.step)}.${root.part}`;
    case 'plan':
      return `plans.${root.step}.output`;
    case 'batch_item':
      return 'batch.item';
    case 'batch_index':
      return 'batch.index';
    case 'secret':
      return `secrets.${root.name}`;
  }
}

function formatSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return isKey(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

const isKey = (text: string) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text);
