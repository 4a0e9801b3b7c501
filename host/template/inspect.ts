import type { JsonObject } from '../../kernel/json.ts';
import { graphView } from '../../kernel/template/graph.ts';
import type { Engine, TemplateSource } from '../orchestrator/port.ts';
import type { TemplateChecker } from './checker.ts';

/** Everything there is to say about a template (and a context for it): its problems, and its graph when it has none. */
export async function inspect(
  checker: TemplateChecker,
  source: TemplateSource,
  context?: JsonObject,
): ReturnType<Engine['check']> {
  const { compiled, diagnostics } = checker.check(source);
  if (compiled === undefined) return { diagnostics };
  const ofContext = context === undefined ? [] : checker.checkContext(compiled, context);
  return { diagnostics: [...diagnostics, ...ofContext], graph: graphView(compiled) };
}
