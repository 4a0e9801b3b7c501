import { integer, item, oneOf, path, section } from './describe.ts';

const ACTS = ['keep', 'archive', 'remove'] as const;
const HOURS_MAX = 1_000_000;

/** `retention`: how long settled tasks stay. */
export const RETENTION = section(
  'What becomes of tasks that have settled. Others are never touched. docs/retention.md has more.',
  {
    settled_tasks: oneOf(
      'What is done with them: `keep` keeps them for good, `archive` writes each to a file and removes it, `remove` removes it.',
      ACTS,
    ),
    after_hours: integer('Hours from the settling of a task until that is done.', 0, 720, HOURS_MAX),
    archive_directory: path('Where archives are written. `archive` in the data directory when absent.'),
    by_status: {
      type: 'object',
      description:
        'Other rules by status, as `error: {settled_tasks: keep}`; what a rule does not say is as for all: `complete`, `error`, `cancelled`, `resolved_manually`.',
      propertyNames: { enum: ['complete', 'error', 'cancelled', 'resolved_manually'] },
      additionalProperties: item(
        {
          settled_tasks: { type: 'string', enum: ACTS, description: 'As `retention.settled_tasks`.' },
          after_hours: {
            type: 'integer',
            minimum: 0,
            maximum: HOURS_MAX,
            description: 'As `retention.after_hours`.',
          },
        },
        [],
      ),
      default: {},
    },
    every_minutes: integer('Minutes between two looks at what is due.', 1, 10, 1_440),
  },
);
