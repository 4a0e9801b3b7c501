import type { HostUsage } from '../sandbox/port.ts';
import type { Audit, AuditEvent, AuditedFunction, AuditFact, AuditFacts } from './audit.ts';

/** What one run was refused and which secrets it used: passed on to the audit as it happens, and kept for the receipt. */
export interface RunRecord {
  /** Takes the facts of one host function. */
  within(name: AuditedFunction): AuditFacts;
  summary(): Pick<HostUsage, 'denials' | 'denied' | 'secret_uses'>;
}

/** More stand in the log only. */
const LISTED_MAX = 20;
const REASON_LENGTH_MAX = 300;

/** A record of a run that has done nothing yet. */
export function createRunRecord(audit: Audit): RunRecord {
  let denials = 0;
  const denied: HostUsage['denied'][number][] = [];
  const uses = new Map<string, HostUsage['secret_uses'][number]>();
  const budgets = new Set<string>();

  const keepUse = ({ secret, host, position }: Extract<AuditFact, { kind: 'secret_used' }>): void => {
    const key = JSON.stringify([secret, host, position]);
    const before = uses.get(key);
    if (before !== undefined || uses.size < LISTED_MAX) {
      uses.set(key, { secret, host, position, count: (before?.count ?? 0) + 1 });
    }
  };

  return {
    within: (name) => (fact) => {
      if (fact.kind === 'budget_exceeded') {
        // A guest may ask on and on.
        if (budgets.has(fact.reason)) return;
        budgets.add(fact.reason);
      }
      const event: AuditEvent = { ...fact, function: name };
      if (event.kind === 'secret_used') keepUse(event);
      if ('reason' in event) {
        denials += 1;
        const reason = event.reason.slice(0, REASON_LENGTH_MAX);
        if (denied.length < LISTED_MAX) denied.push({ function: name, target: targetOf(event), reason });
      }
      audit(event);
    },
    summary: () => ({ denials, denied: [...denied], secret_uses: [...uses.values()] }),
  };
}

function targetOf(fact: AuditFact): string {
  switch (fact.kind) {
    case 'egress_denied':
      return `${fact.method} ${fact.url}`.slice(0, REASON_LENGTH_MAX);
    case 'secret_used':
    case 'secret_denied':
      return fact.host;
    case 'mail_sent':
    case 'mail_denied':
      return fact.recipient;
    case 'budget_exceeded':
      return '';
  }
}
