import { branch, defineHandler, fail, type JsonObject } from '../guest/index.ts';
import {
  compileExpression,
  type Expression,
  type ExpressionLimits,
  failExpression,
  isTruthy,
} from '../guest/jsonata.ts';
import capability from './capability.json' with { type: 'json' };

/** A condition and the steps it leads to. */
interface Rule {
  readonly name?: string;
  readonly when: string;
  readonly then: readonly string[];
  readonly reason?: string;
}

interface Config {
  readonly rules: readonly Rule[];
  readonly mode: 'first' | 'all';
  readonly default?: { readonly then: readonly string[]; readonly reason: string };
  readonly limits: ExpressionLimits;
}

/** Chooses the steps that come next by rules over the inputs. */
export const handler = defineHandler<Config>({
  capability,
  run({ config, inputs }) {
    const { rules, mode } = config;
    // All are compiled before any is asked, so that a wrong rule shows even when an earlier one would have matched.
    const conditions = rules.map(({ when }, index) => compile(when, index, config.limits));
    const matched: number[] = [];
    for (const [index, condition] of conditions.entries()) {
      if (!holds(condition, index, inputs)) continue;
      matched.push(index);
      if (mode === 'first') break;
    }
    if (matched.length === 0) return byDefault(config);
    const steps = [...new Set(matched.flatMap((index) => rules[index]!.then))];
    return branch(steps, {
      branch: steps,
      matched: matched.map((index) => {
        const { name, when, reason } = rules[index]!;
        return { index, rule: name ?? null, reason: reason ?? when };
      }),
      by_default: false,
    });
  },
});

function byDefault({ default: otherwise, rules }: Config): ReturnType<typeof branch> {
  if (otherwise === undefined) {
    fail('no_match', `none of the ${rules.length} rules holds and there is no "default"`, {
      details: { conditions: rules.map(({ when }) => when) },
    });
  }
  const { then, reason } = otherwise;
  return branch(then, { branch: then, matched: [{ index: null, rule: null, reason }], by_default: true });
}

function compile(when: string, index: number, limits: ExpressionLimits): Expression {
  try {
    return compileExpression(when, limits);
  } catch (error) {
    failExpression(error, `"/rules/${index}/when"`, { rule: index });
  }
}

function holds(condition: Expression, index: number, inputs: JsonObject): boolean {
  try {
    return isTruthy(condition.evaluate(inputs));
  } catch (error) {
    failExpression(error, `"/rules/${index}/when"`, { rule: index });
  }
}
