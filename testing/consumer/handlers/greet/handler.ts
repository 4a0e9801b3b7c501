import { complete, defineHandler } from 'weft/guest';
import capability from './capability.json' with { type: 'json' };

/** A handler of a project that has Weft as a package. */
export const handler = defineHandler<{ readonly greeting: string }, { readonly name: string }>({
  capability,
  run: ({ config, inputs }) => complete({ text: `${config.greeting}, ${inputs.name}` }),
});
