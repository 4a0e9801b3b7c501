import type { MailConfig, OperatorEgressRule, SecretConfig } from '../host/config/types.ts';
import type { AuditEvent } from '../host/imports/audit.ts';
import { createHostFunctions, createHostServices } from '../host/imports/host_functions.ts';
import type { HttpError, HttpRequest, HttpResponse } from '../host/imports/http_shapes.ts';
import type { MailAnswer } from '../host/imports/mail.ts';
import { loadSecrets } from '../host/imports/secrets.ts';
import type { HostFunctions, StepIdentity, StepLimits } from '../host/sandbox/port.ts';
import { STEP_LIMIT_PRESETS } from '../kernel/template/step_limits.ts';
import type { EgressRule } from '../kernel/template/types.ts';
import { NO_MAIL } from './mail_server.ts';

/** A step that host calls can be made for. */
export const STEP: StepIdentity = {
  task_id: 'task-1',
  step_id: 'step-1',
  step_name: 'fetch',
  namespace: 'sales',
  template_name: 'orders',
  attempt: 1,
  activation: 1,
  idempotency_key: 'key-1',
};

const LIMITS: StepLimits = {
  ...STEP_LIMIT_PRESETS,
  timeout_ms: 60_000,
  host_calls_max: 1_000,
  host_calls_per_second_max: 1_000_000,
  imports_per_second_max: 1_000_000,
  io_bytes_max: 100_000_000,
  log_lines_max: 100,
};

/** Host functions with everything they told anybody. */
export interface HostCalls {
  readonly host: HostFunctions;
  readonly audit: readonly AuditEvent[];
  readonly log: readonly unknown[];
  /** How often each name was resolved. */
  readonly resolved: ReadonlyMap<string, number>;
  placeholder(name: string): string;
  /** `weft:http/client#send` with a plain GET as the default. */
  send(request: Partial<HttpRequest> & { readonly url: string }): Promise<{ ok: HttpResponse } | { error: HttpError }>;
  /** `weft:mail/sender#send`. */
  mail(message: unknown): Promise<MailAnswer>;
  close(): Promise<void>;
}

/**
 * Host functions for one step of a template whose egress list is the operator's and which lists all secrets.
 *
 * @param setup.names what names resolve to, one answer after the other, the last one for good; `*.test` is loopback.
 */
export async function startHostCalls(setup: {
  /** Nothing when absent. */
  readonly egress?: readonly OperatorEgressRule[];
  readonly template_egress?: readonly EgressRule[];
  /** Values by name, each granted as its config says. */
  readonly secrets?: Readonly<Record<string, Omit<SecretConfig, 'source'> & { readonly value: string }>>;
  readonly mail?: Partial<MailConfig>;
  /** Variables; secrets have their own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<StepLimits>;
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** In place of `names`: what a name resolves to when it is asked for the n-th time, from 0. */
  readonly resolve?: (hostname: string, turn: number) => Promise<readonly string[]>;
  readonly signal?: AbortSignal;
}): Promise<HostCalls> {
  const { egress = [], secrets = {}, names = {}, signal } = setup;
  const audit: AuditEvent[] = [];
  const log: unknown[] = [];
  const resolved = new Map<string, number>();
  const take = (...line: unknown[]) => void log.push(line);
  const configs = Object.fromEntries(
    Object.entries(secrets).map(([name, { value: _, ...config }]) => [name, { ...config, source: { env: name } }]),
  );
  const values = Object.fromEntries(Object.entries(secrets).map(([name, { value }]) => [name, value]));
  const services = await createHostServices(
    { egress: { allow: egress }, mail: { ...NO_MAIL, ...setup.mail } },
    {
      secrets: await loadSecrets(configs, 'salt', values),
      env: setup.env ?? {},
      audit: (event) => void audit.push(event),
      log: { debug: take, info: take, warn: take, error: take },
      now: () => 1_700_000_000_123.9,
      resolve: async (hostname) => {
        const turn = resolved.get(hostname) ?? 0;
        resolved.set(hostname, turn + 1);
        const answers = names[hostname] ?? [hostname.endsWith('.test') ? ['127.0.0.1'] : []];
        const addresses =
          setup.resolve === undefined
            ? (answers[Math.min(turn, answers.length - 1)] ?? [])
            : await setup.resolve(hostname, turn);
        return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
    },
  );
  const host = createHostFunctions(services, {
    identity: STEP,
    limits: { ...LIMITS, ...setup.limits },
    template: { egress: setup.template_egress ?? egress, secrets: Object.keys(secrets) },
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    host,
    audit,
    log,
    resolved,
    placeholder: (name) => services.secrets.placeholder(STEP, name),
    send: (request) =>
      host.call('weft:http/client#send', [
        {
          method: 'GET',
          headers: [],
          body: { tag: 'none' },
          auth: { tag: 'none' },
          timeoutMs: 30_000,
          maxRedirects: 5,
          maxBytes: 1_000_000,
          ...request,
        },
      ]) as Promise<{ ok: HttpResponse } | { error: HttpError }>,
    mail: (message) => host.call('weft:mail/sender#send', [message]) as Promise<MailAnswer>,
    close: () => services.close(),
  };
}
