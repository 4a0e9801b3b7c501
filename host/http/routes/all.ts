import type { Route } from '../route.ts';
import { BLOB_ROUTES } from './blobs.ts';
import { DEAD_LETTER_ROUTES } from './dead_letters.ts';
import { EVENT_ROUTES } from './events.ts';
import { GATE_ROUTES } from './gates.ts';
import { HANDLER_ROUTES } from './handlers.ts';
import { RETENTION_ROUTES } from './retention.ts';
import { SERVICE_ROUTES } from './service.ts';
import { STEP_ROUTES } from './steps.ts';
import { TASK_ROUTES } from './tasks.ts';
import { TEMPLATE_ROUTES } from './templates.ts';

/** The whole API. Server, description and documentation all come from this list. */
export const ROUTES: readonly Route[] = [
  ...TASK_ROUTES,
  ...RETENTION_ROUTES,
  ...EVENT_ROUTES,
  ...BLOB_ROUTES,
  ...STEP_ROUTES,
  ...GATE_ROUTES,
  ...DEAD_LETTER_ROUTES,
  ...HANDLER_ROUTES,
  ...TEMPLATE_ROUTES,
  ...SERVICE_ROUTES,
];
