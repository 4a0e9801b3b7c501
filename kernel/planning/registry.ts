import type { ModelAdapter } from './model_adapter.ts';
import type { Planner } from './planner.ts';

/** Things that plugins register by name, and others look up. */
export interface Registry<T> {
  /** @throws Error when the name is no snake_case, or taken */
  register(name: string, value: T): void;
  get(name: string): T | undefined;
  /** Sorted. */
  names(): readonly string[];
}

/** What plugins give to planning. */
export interface PlanningRegistries {
  readonly planners: Registry<Planner>;
  readonly models: Registry<ModelAdapter>;
}

/** Registries that nobody has registered anything in. */
export function createPlanningRegistries(): PlanningRegistries {
  return { planners: createRegistry('planner'), models: createRegistry('model adapter') };
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

function createRegistry<T>(what: string): Registry<T> {
  const entries = new Map<string, T>();
  return {
    register(name, value) {
      if (!NAME.test(name)) throw new Error(`a ${what} cannot be called "${name}": write it in snake_case`);
      if (entries.has(name)) throw new Error(`there is a ${what} "${name}" already`);
      entries.set(name, value);
    },
    get: (name) => entries.get(name),
    names: () => [...entries.keys()].sort(),
  };
}
