import { complete, defineHandler } from '../../../handlers/guest/index.ts';
import capability from './capability.json' with { type: 'json' };

interface Worked {
  readonly result: { readonly item: number };
}

/** Adds up what the workers of a batch gave back. */
export const handler = defineHandler({
  capability,
  run({ inputs }) {
    const results = inputs['work'] as unknown as readonly Worked[];
    return complete({ sum: results.reduce((sum, { result }) => sum + result.item, 0) });
  },
});
