import { complete, defineHandler, type Json } from '../guest/index.ts';
import { compileExpression } from '../guest/jsonata.ts';
import capability from './capability.json' with { type: 'json' };

interface Config {
  readonly expression: string;
}

export const handler = defineHandler<Config, Json>({
  capability,
  run({ config, inputs }) {
    return complete(compileExpression(config.expression).evaluate(inputs) ?? null);
  },
});
