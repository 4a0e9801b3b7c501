import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Resume } from '../../kernel/task/state.ts';
import type { OperatorConfig, OperatorEgressRule } from '../config/types.ts';
import type { AuditEvent } from '../imports/audit.ts';
import { createHostFunctions, createHostServices } from '../imports/host_functions.ts';
import { loadSecrets } from '../imports/secrets.ts';
import { createCellExecutor } from '../sandbox/cell_executor.ts';
import type { HostFunctions, RunEnd, StepIdentity } from '../sandbox/port.ts';
import { contractProblems, inputProblems } from './contract.ts';
import { buildTarget, loadTarget, openAuthorStore, withCache } from './load.ts';
import type { Target } from './target.ts';

/** One run by hand. */
export interface Call {
  readonly config: JsonObject;
  readonly inputs: JsonObject;
  readonly resume?: Resume;
  readonly timeout_ms: number;
  /** Besides those that the operator config allows. */
  readonly egress: readonly OperatorEgressRule[];
  readonly signal: AbortSignal;
}

/** A line that the handler logged. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Json;
}

/** What came of it. */
export interface CallReport {
  readonly handler: string;
  readonly version: string;
  readonly digest: string;
  readonly end: Omit<RunEnd, 'measure'>;
  /** What an engine would hold against it: config and inputs before the run, result and failure after it. */
  readonly problems: readonly string[];
  readonly log: readonly LoggedLine[];
  /** What was refused, and which mail was sent. */
  readonly audit: readonly Omit<AuditEvent, 'identity'>[];
  readonly receipt: RunEnd['measure'] & ReturnType<HostFunctions['usage']>;
}

const CELL_HEAP_MB = 128;

const IDENTITY: StepIdentity = {
  task_id: 'call',
  step_id: 'call.0',
  step_name: 'call',
  namespace: 'default',
  template_name: 'call',
  attempt: 1,
  activation: 1,
  idempotency_key: 'call',
};

/**
 * Runs one step of a handler in a cell, under the operator's limits. Host functions do what the operator config and
 * `egress` allow; secrets are not given to it.
 * @throws BuildError; component_refused; mail_unusable
 */
export async function callHandler(target: Target, call: Call, operator: OperatorConfig): Promise<CallReport> {
  await buildTarget(target);
  return withCache(async (cache) => {
    const components = await openAuthorStore(cache);
    const { digest, capability } = await loadTarget(target, components);
    const { limits } = operator;
    const log: LoggedLine[] = [];
    const audit: Omit<AuditEvent, 'identity'>[] = [];
    const allow = [...operator.egress.allow, ...call.egress];
    const services = await createHostServices(
      { egress: { allow }, mail: operator.mail },
      {
        secrets: await loadSecrets({}, randomBytes(32).toString('hex')),
        log: logInto(log),
        audit: ({ identity: _, ...event }) => void audit.push(event),
      },
    );
    const { memory_bytes_max } = limits;
    const logger = pino({ level: 'silent' });
    const executor = createCellExecutor({ cells: 1, components, memory_bytes_max, heap_mb_max: CELL_HEAP_MB, logger });
    const own = { ...limits, timeout_ms: Math.min(call.timeout_ms, limits.step_timeout_ms_max) };
    const template = { egress: allow, secrets: [] };
    const host = createHostFunctions(services, { identity: IDENTITY, limits: own, template, signal: call.signal });
    try {
      const { config, inputs, resume, signal } = call;
      const { measure, ...end } = await executor.run({
        identity: IDENTITY,
        digest,
        config,
        inputs,
        ...(resume === undefined ? {} : { resume }),
        limits: own,
        host,
        signal,
      });
      const { name, version } = capability;
      const problems = [...inputProblems(call, capability), ...contractProblems(end, capability)];
      return { handler: name, version, digest, end, problems, log, audit, receipt: { ...measure, ...host.usage() } };
    } finally {
      await executor.close();
      await services.close();
    }
  });
}

function logInto(lines: LoggedLine[]) {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: (fields as { fields?: Json }).fields ?? null });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
