import type { Command } from '../command.ts';
import { ARCHIVE_COMMANDS } from './archive.ts';
import { COMPLETION } from './completion.ts';
import { DLQ_COMMANDS } from './dlq.ts';
import { DOCTOR } from './doctor.ts';
import { FRAGMENT_COMMANDS } from './fragment.ts';
import { GATE_COMMANDS } from './gate.ts';
import { HANDLERS_COMMANDS } from './handlers.ts';
import { PLAN_COMMANDS } from './plan.ts';
import { PLUGINS_COMMANDS } from './plugins.ts';
import { RETENTION_COMMANDS } from './retention.ts';
import { RUN } from './run.ts';
import { SERVE } from './serve.ts';
import { STEP_COMMANDS } from './step.ts';
import { TASK_COMMANDS } from './task.ts';
import { TEMPLATE_COMMANDS } from './template.ts';
import { TEMPLATE_TEST } from './template_test.ts';

/** Every command. Parser, help and documentation all come from this list. */
export const COMMANDS: readonly Command[] = [
  RUN,
  SERVE,
  ...TEMPLATE_COMMANDS,
  TEMPLATE_TEST,
  ...FRAGMENT_COMMANDS,
  ...HANDLERS_COMMANDS,
  ...PLUGINS_COMMANDS,
  ...TASK_COMMANDS,
  ...RETENTION_COMMANDS,
  ...ARCHIVE_COMMANDS,
  ...STEP_COMMANDS,
  ...PLAN_COMMANDS,
  ...GATE_COMMANDS,
  ...DLQ_COMMANDS,
  DOCTOR,
  COMPLETION,
];
