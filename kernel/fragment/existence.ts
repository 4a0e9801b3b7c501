import { valueAt } from '../reference/resolve.ts';
import type { Reviewed } from '../validation/pipeline.ts';

/**
 * Whether a step comes to exist whatever decisions choose, provided that each chooses something. `true` is certain;
 * `false` means that this cannot be seen from the graph. For graphs without cycles; O(V · (V + E)).
 *
 * A step exists *for certain* when no decision stands before it; or when it is not deferred, depends on no decision
 * itself, and all it depends on exists for certain; or when it is deferred and follows whatever is chosen. That is found
 * from its end: a step *leads to it* when its own existence is enough. Before a deferred step each dependency does.
 * Before any other step one does when the rest of its dependencies exist for certain. And a decision does when each of
 * its choices does, so that it does not matter which is made.
 */
export function existsForCertain({ graph, review }: Reviewed, wanted: number): boolean {
  const { steps, dependencies, dependents, order } = graph;
  const isDecision = (at: number) => steps[at]!.type === 'decision';
  // A decision that may fail and be let pass may choose nothing.
  const decides = (at: number) =>
    isDecision(at) && valueAt(review.document, ['steps', steps[at]!.index, 'on_failure']) !== 'continue';
  const certain = new Set<number>();
  const ungated = new Set<number>();

  /** Whether the one thing that is open about a step is what is asked about. */
  const followsFrom = (step: number, cause: number) =>
    dependencies[step]!.every((each) => each === cause || (certain.has(each) && !isDecision(each)));

  const leadsTo = (target: number): boolean => {
    const leading = new Set([target]);
    for (const at of order.slice(0, order.indexOf(target)).reverse()) {
      const following = dependents[at]!.filter((each) => leading.has(each));
      const byDeferred = following.some((each) => steps[each]!.type === 'deferred');
      if (isDecision(at)) {
        const choices = dependents[at]!.filter((each) => steps[each]!.type !== 'deferred');
        const byChoices =
          decides(at) && choices.length > 0 && choices.every((each) => leading.has(each) && followsFrom(each, at));
        if (byDeferred || byChoices) leading.add(at);
      } else if (byDeferred || following.some((each) => steps[each]!.type !== 'deferred' && followsFrom(each, at))) {
        leading.add(at);
      }
      if (leading.has(at) && certain.has(at)) return true;
    }
    return false;
  };

  for (const at of order) {
    const before = dependencies[at]!;
    const isDeferred = steps[at]!.type === 'deferred';
    if (before.every((each) => ungated.has(each) && !isDecision(each))) ungated.add(at);
    const plainly = !isDeferred && before.every((each) => certain.has(each) && !isDecision(each));
    if (ungated.has(at) || plainly || (isDeferred && leadsTo(at))) certain.add(at);
    if (at === wanted) break;
  }
  return certain.has(wanted);
}
