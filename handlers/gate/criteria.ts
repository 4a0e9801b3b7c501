import type { Decision, Level, Vote } from './types.ts';

/** A person as an audience sees one. */
export type Person = Pick<Vote, 'principal' | 'roles'>;

/** Whether an entry of an audience, a principal or `role:name`, names a person. */
export function isNamed(entry: string, { principal, roles }: Person): boolean {
  return entry.startsWith('role:') ? roles.includes(entry.slice('role:'.length)) : entry === principal;
}

/** Whether a level asks a person. */
export function isAsked({ audience }: Level, person: Person): boolean {
  return audience === undefined || audience.some((entry) => isNamed(entry, person));
}

/** The votes that settle a level, and which way; undefined while it is open. */
export interface Settlement {
  readonly decision: Decision;
  readonly by: readonly Vote[];
}

/**
 * What the votes of people whom a level asks, one each, oldest first, come to.
 *
 * Under `all` and `quorum` a rejection settles as soon as it takes the last chance of approval away. Where people are
 * asked by role or the audience is open, nobody knows how many could still approve: there, a quorum is lost when as
 * many reject as would have been enough to approve.
 */
export function settle(level: Level, votes: readonly Vote[]): Settlement | undefined {
  const { criteria, audience } = level;
  const of = (decision: Decision) => votes.filter((vote) => vote.decision === decision);
  const when = (decision: Decision, holds: boolean) => (holds ? { decision, by: of(decision) } : undefined);
  if (criteria === 'any') {
    const [first] = votes;
    return first && { decision: first.decision, by: [first] };
  }
  const rejections = of('reject').length;
  if (criteria === 'all') {
    return when('reject', rejections > 0) ?? when('approve', isMetByDifferentPeople(audience ?? [], of('approve')));
  }
  return (
    when('approve', of('approve').length >= criteria.quorum) ?? when('reject', rejections >= rejectionsNeeded(level))
  );
}

/** How many people can approve at the most; undefined when roles or an open audience leave it unknown. */
export function headcount({ audience }: Level): number | undefined {
  return audience === undefined || audience.some((entry) => entry.startsWith('role:')) ? undefined : audience.length;
}

function rejectionsNeeded(level: Level): number {
  if (typeof level.criteria === 'string') return 1;
  const { quorum, rejections } = level.criteria;
  const people = headcount(level);
  if (people === undefined) return rejections ?? quorum;
  return Math.min(rejections ?? Number.POSITIVE_INFINITY, people - quorum + 1);
}

/** Whether each entry can be given a person of its own whom it names: Kuhn's bipartite matching. */
export function isMetByDifferentPeople(entries: readonly string[], people: readonly Person[]): boolean {
  const entryOf = new Map<Person, string>();
  const assign = (entry: string, tried: Set<Person>): boolean =>
    people.some((person) => {
      if (tried.has(person) || !isNamed(entry, person)) return false;
      tried.add(person);
      const rival = entryOf.get(person);
      if (rival !== undefined && !assign(rival, tried)) return false;
      entryOf.set(person, entry);
      return true;
    });
  return entries.every((entry) => assign(entry, new Set()));
}
