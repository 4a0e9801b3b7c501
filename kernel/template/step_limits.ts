const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const COUNT_MAX = 1_000_000;
/** The longest timeout of the host's. */
const MS_MAX = 2 ** 31 - 1;

interface LimitEntry {
  readonly description: string;
  readonly minimum: number;
  /** What it is unless the operator says otherwise. */
  readonly preset: number;
  readonly maximum: number;
}

/**
 * What one run of a step may use. The one table of these limits: the operator's config, what a template may narrow, and
 * their documentation come from it.
 */
export const STEP_LIMITS = {
  memory_bytes_max: {
    description: 'Linear memory of a handler, in bytes.',
    minimum: MIB,
    preset: 128 * MIB,
    maximum: 4 * GIB,
  },
  cpu_ms_max: {
    description: 'Processor time of a run, in milliseconds. Held where the system tells it of a process: on Linux.',
    minimum: 10,
    preset: 60_000,
    maximum: MS_MAX,
  },
  output_bytes_max: {
    description: "A run's outcome, in bytes of UTF-8.",
    minimum: 1_024,
    preset: 16 * MIB,
    maximum: GIB,
  },
  output_depth_max: {
    description: "Objects and lists inside each other in each JSON text of a run's outcome.",
    minimum: 1,
    preset: 64,
    maximum: 64,
  },
  log_lines_max: {
    description: 'Log lines of a run; more are dropped, and counted.',
    minimum: 0,
    preset: 1_000,
    maximum: COUNT_MAX,
  },
  log_bytes_max: {
    description: 'Messages and fields of the log lines of a run, in bytes of UTF-8; further lines are dropped.',
    minimum: 0,
    preset: 4 * MIB,
    maximum: GIB,
  },
  host_calls_max: {
    description: 'Host calls of a run: HTTP requests and mails.',
    minimum: 0,
    preset: 100,
    maximum: COUNT_MAX,
  },
  host_calls_per_second_max: {
    description: 'Host calls of a run in one second; those that come faster wait.',
    minimum: 1,
    preset: 50,
    maximum: COUNT_MAX,
  },
  imports_per_second_max: {
    description: 'Calls of any import in one second, log and clock included; those that come faster wait.',
    minimum: 1,
    preset: 2_000,
    maximum: COUNT_MAX,
  },
  host_time_ms_max: {
    description: "Milliseconds that a run's host calls may take together.",
    minimum: 0,
    preset: 300_000,
    maximum: MS_MAX,
  },
  io_bytes_max: {
    description: "Bytes that a run's host calls send and receive, decoded.",
    minimum: 0,
    preset: 64 * MIB,
    maximum: 4 * GIB,
  },
  wire_bytes_max: {
    description:
      "Bytes that a run's host calls send and receive as they travel: coded bodies, 64 for each piece of one, headers.",
    minimum: 0,
    preset: 64 * MIB,
    maximum: 4 * GIB,
  },
  request_bytes_max: {
    description: 'The body of one request, in bytes.',
    minimum: 0,
    preset: 16 * MIB,
    maximum: 4 * GIB,
  },
  response_bytes_max: {
    description: 'The body of one response, in bytes, decoded.',
    minimum: 0,
    preset: 16 * MIB,
    maximum: 4 * GIB,
  },
  redirects_max: {
    description: 'Redirects that one request follows.',
    minimum: 0,
    preset: 20,
    maximum: 100,
  },
  headers_max: {
    description: 'Header fields of one request, and of one response.',
    minimum: 1,
    preset: 100,
    maximum: 1_000,
  },
  header_bytes_max: {
    description: 'Header fields of one request, and of one response, in bytes.',
    minimum: 256,
    preset: 32_768,
    maximum: 32_768,
  },
} as const satisfies Readonly<Record<string, LimitEntry>>;

export type StepLimitName = keyof typeof STEP_LIMITS;

export const STEP_LIMIT_NAMES = Object.keys(STEP_LIMITS) as readonly StepLimitName[];

/** The limits with what the operator has them be. */
export type StepLimitValues = Readonly<Record<StepLimitName, number>>;

/** Some of the limits, lower: what a template or one of its steps asks for. */
export type NarrowedLimits = Readonly<Partial<Record<StepLimitName, number>>>;

/** The limits of an operator who says nothing. */
export const STEP_LIMIT_PRESETS = Object.fromEntries(
  STEP_LIMIT_NAMES.map((name) => [name, STEP_LIMITS[name].preset]),
) as StepLimitValues;

/** The lower of each limit: what is narrower holds, and what asks for more changes nothing. Names of neither are dropped. */
export function narrow<T extends NarrowedLimits>(wide: T, narrower: NarrowedLimits = {}): T {
  const lower = STEP_LIMIT_NAMES.flatMap((name) => {
    const values = [wide[name], narrower[name]].filter((value) => value !== undefined);
    return values.length === 0 ? [] : [[name, Math.min(...values)] as const];
  });
  return Object.fromEntries(lower) as unknown as T;
}
