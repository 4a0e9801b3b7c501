import type { Reference } from '../template/types.ts';
import { type ReferenceProblem, scanReference } from './scan.ts';

/** After so many broken references the rest of a text is not looked at. */
const PROBLEMS_MAX = 20;

/** A broken reference in a text; `column` counts from the text's start. */
export interface BrokenReference extends ReferenceProblem {
  /** The text up to its `}`, or some of it. */
  readonly source: string;
}

/** A text split at its references, none of its strings empty; incomplete when there are problems. */
export interface ScannedText {
  readonly parts: readonly (string | Reference)[];
  readonly problems: readonly BrokenReference[];
}

/**
 * Splits a text at its references and undoes escapes: in a run of `$` before a `{` each pair stands for one `$`, and
 * a `$` that is left over starts a reference. Linear in the text's length.
 */
export function scanText(text: string): ScannedText {
  const parts: (string | Reference)[] = [];
  const problems: BrokenReference[] = [];
  let literal = '';
  let done = 0;
  for (let brace = text.indexOf('{'); brace >= 0; brace = text.indexOf('{', Math.max(done, brace + 1))) {
    const dollars = dollarsBefore(text, brace, done);
    literal += text.slice(done, brace - dollars) + '$'.repeat(dollars >> 1);
    done = brace;
    if (dollars % 2 === 0) continue;
    const scanned = scanReference(text, brace - 1);
    if (scanned.ok) {
      if (literal !== '') parts.push(literal);
      parts.push(scanned.reference);
      literal = '';
      done = scanned.end;
    } else if (problems.push({ ...scanned, source: excerpt(text, brace - 1) }) === PROBLEMS_MAX) break;
  }
  literal += text.slice(done);
  if (literal !== '') parts.push(literal);
  return { parts, problems };
}

function dollarsBefore(text: string, brace: number, from: number): number {
  let dollars = 0;
  while (brace - dollars > from && text[brace - dollars - 1] === '$') dollars++;
  return dollars;
}

function excerpt(text: string, start: number): string {
  const some = text.slice(start, start + 80);
  return some.slice(0, some.indexOf('}') + 1 || some.length);
}
