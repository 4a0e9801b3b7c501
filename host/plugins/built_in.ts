import { fileURLToPath } from 'node:url';
import type { HookTimer } from '../../kernel/hooks/hooks.ts';

/** The plugins that come with Weft: beside `host/` in the sources as in the package. */
export const BUILT_IN_PLUGINS = ['validators', 'llm', 'planners'].map((kind) =>
  fileURLToPath(new URL(`../../planner-plugins/${kind}`, import.meta.url)),
);

/** The clock by which plugins are held to their deadlines; it keeps no process alive. */
export const HOOK_TIMER: HookTimer = {
  now: () => Date.now(),
  after(delay_ms, then) {
    const timeout = setTimeout(then, delay_ms).unref();
    return () => clearTimeout(timeout);
  },
};
