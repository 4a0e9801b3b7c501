import fc from 'fast-check';
import { formatReference } from '../kernel/reference/format.ts';
import type { Reference } from '../kernel/template/types.ts';

const stepName = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/);

/** Any root a reference can have. */
const root: fc.Arbitrary<Reference['root']> = fc.oneof(
  fc.constantFrom<Reference['root']>(
    { kind: 'task_context' },
    { kind: 'task_id' },
    { kind: 'batch_item' },
    { kind: 'batch_index' },
  ),
  fc.record(
    {
      kind: fc.constant('step' as const),
      step: stepName,
      part: fc.constantFrom('result' as const, 'results' as const, 'status' as const, 'error' as const),
    },
    { noNullPrototype: true },
  ),
  fc.record({ kind: fc.constant('plan' as const), step: stepName }, { noNullPrototype: true }),
  fc.record(
    { kind: fc.constant('secret' as const), name: fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/) },
    { noNullPrototype: true },
  ),
);

/** Keys as people write them, keys nobody expects, and indexes. */
const path = fc.array(
  fc.oneof(
    fc.stringMatching(/^[a-zA-Z_][\w-]{0,5}$/),
    fc.string({ maxLength: 6, unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', '"', '\\', '}', ''),
    fc.nat(99),
  ),
  { maxLength: 6 },
);

/** These have nothing below them. */
const isLeaf = (root: Reference['root']) =>
  root.kind === 'task_id' ||
  root.kind === 'batch_index' ||
  root.kind === 'secret' ||
  (root.kind === 'step' && root.part === 'status');

/** Any reference, in its canonical spelling. */
export const anyReference: fc.Arbitrary<Reference> = fc.tuple(root, path).map(([root, path]) => {
  const meaning = { root, path: isLeaf(root) ? [] : path };
  return { source: formatReference(meaning), ...meaning };
});
