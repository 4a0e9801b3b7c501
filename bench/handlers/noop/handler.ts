import { complete, defineHandler } from '../../../handlers/guest/index.ts';
import capability from './capability.json' with { type: 'json' };

/** Completes with its inputs: what remains is the cost of running a step at all. */
export const handler = defineHandler({ capability, run: ({ inputs }) => complete(inputs) });
