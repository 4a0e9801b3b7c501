import { now } from '../guest/clock.ts';
import { complete, defineHandler, fail, type Json, type JsonObject, type Outcome, suspend } from '../guest/index.ts';
import { advance, levelsOf, open } from './advance.ts';
import capability from './capability.json' with { type: 'json' };
import { headcount } from './criteria.ts';
import { suspensionOf } from './suspension.ts';
import type { GateConfig, GateState, Verdict } from './types.ts';

/** Waits until people, or time, decide. */
export const handler = defineHandler<GateConfig, JsonObject>({
  capability,
  run({ config, resume }) {
    const now_ms = now();
    if (resume === null) {
      checkLevels(config);
      return suspend(suspensionOf(config, open(now_ms), now_ms));
    }
    const step = advance(config, resume.state as unknown as GateState, { ...resume, now_ms });
    return 'verdict' in step ? end(config, step.verdict) : suspend(suspensionOf(config, step.state, now_ms));
  },
});

function end(config: GateConfig, verdict: Verdict): Outcome {
  const result = verdict as unknown as Json;
  if (verdict.decision === 'approve' || config.on_reject === 'complete') return complete(result);
  if (verdict.timed_out) fail('timed_out', 'nobody decided in time, which means rejection here', { details: result });
  const { decided_by, comment } = verdict;
  fail('rejected', `rejected by ${decided_by.join(', ')}${comment === null ? '' : `: ${comment}`}`, {
    details: result,
  });
}

/** Refuses a gate that could never open or whose later levels would never be asked. */
function checkLevels(config: GateConfig): void {
  const levels = levelsOf(config);
  for (const [index, level] of levels.entries()) {
    const pointer = index === 0 ? '' : `/escalation/${index - 1}`;
    if (level.timeout_ms === undefined && index < levels.length - 1) {
      fail('invalid_config', `"${pointer}/timeout_ms" is missing: without it the next level would never be asked`);
    }
    const people = headcount(level);
    if (people !== undefined && typeof level.criteria === 'object' && level.criteria.quorum > people) {
      const { quorum } = level.criteria;
      fail('invalid_config', `"${pointer}/criteria/quorum" is ${quorum}, but the audience has ${people} to ask`);
    }
  }
}
