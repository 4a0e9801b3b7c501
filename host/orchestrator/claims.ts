import type { Fence } from '../../kernel/task/commands.ts';
import type { ClaimData } from '../transport/messages.ts';

/** Who runs a dispatch since when. */
export interface Claim {
  readonly broker: string;
  readonly since: number;
}

/**
 * Who runs what right now, as brokers tell it: shown to people, never journaled. Only dispatches that wait for an
 * answer have a place here, so a claim that comes late, or twice, is not remembered.
 */
export class Claims {
  readonly #open = new Map<string, { readonly attempt: number; readonly activation: number; claim?: Claim }>();

  /** A dispatch is on its way. */
  dispatched({ step_id, attempt, activation }: Fence): void {
    this.#open.set(step_id, { attempt, activation });
  }

  /** The step's dispatch was answered, fenced or found no worker. */
  answered(stepId: string): void {
    this.#open.delete(stepId);
  }

  claimed(claim: ClaimData): void {
    if (!this.waits(claim)) return;
    this.#open.get(claim.step_id)!.claim = { broker: claim.broker, since: claim.claimed_at };
  }

  /** Undefined while nobody has taken this dispatch. */
  of(dispatch: Fence): Claim | undefined {
    return this.waits(dispatch) ? this.#open.get(dispatch.step_id)!.claim : undefined;
  }

  /** Whether this dispatch still waits for an answer. */
  waits({ step_id, attempt, activation }: Fence): boolean {
    const open = this.#open.get(step_id);
    return open?.attempt === attempt && open.activation === activation;
  }
}
