import { batches, defineHandler } from '../../../handlers/guest/index.ts';
import capability from './capability.json' with { type: 'json' };

/** Gives the numbers below `n`, each to a worker. */
export const handler = defineHandler({
  capability,
  run({ inputs }) {
    return batches(
      Array.from({ length: inputs['n'] as number }, (_, n) => n),
      { result: {} },
    );
  },
});
