import type { Logger } from 'pino';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import type { OperatorConfig } from '../config/types.ts';
import { BUILT_IN_PLUGINS, HOOK_TIMER } from '../plugins/built_in.ts';
import { loadPlugins } from '../plugins/load.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { type Finding, fail, messageOf, ok } from './finding.ts';

/** Whether every plugin can be loaded with its options. */
export async function checkPlugins({ plugins, models }: OperatorConfig, logger: Logger): Promise<Finding> {
  try {
    const applied = await loadPlugins({
      directories: [...BUILT_IN_PLUGINS, ...plugins.directories],
      options: plugins.options,
      hooks: createHooks({ timer: HOOK_TIMER }),
      compiler: hostSchemaCompiler(),
      logger,
      models,
      env: process.env,
    });
    return ok('plugins', applied.map(({ name, version }) => `${name} ${version}`).join(', ') || 'none');
  } catch (error) {
    return fail(
      'plugins',
      messageOf(error),
      'mend the plugin or its options, or take its folder out of plugins.directories',
    );
  }
}
