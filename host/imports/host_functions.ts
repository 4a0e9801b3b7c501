import { WeftError } from '../../kernel/errors.ts';
import type { Template } from '../../kernel/template/types.ts';
import type { OperatorConfig } from '../config/types.ts';
import type { HostFunctions, StepIdentity, StepLimits } from '../sandbox/port.ts';
import type { Audit } from './audit.ts';
import { createClock } from './clock.ts';
import type { Resolve } from './connector.ts';
import { createHttpClient, type HttpClient } from './http_client.ts';
import { createGuestLog, type LogSink } from './log.ts';
import { createMailer, type Mailer } from './mail.ts';
import { createMeter } from './meter.ts';
import { loadSecrets, type SecretStore } from './secrets.ts';

/** What the host functions of all runs share. */
export interface HostServices {
  readonly http: HttpClient;
  readonly mail: Mailer;
  readonly secrets: SecretStore;
  readonly audit: Audit;
  readonly log: LogSink;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Closes every connection; calls in flight fail. */
  close(): Promise<void>;
}

/** The run that host functions are bound to. */
export interface HostRun {
  readonly identity: StepIdentity;
  readonly limits: StepLimits;
  readonly template: Pick<Template, 'egress' | 'secrets'>;
  /** Aborting ends the calls in flight. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the secrets and opens what host functions need.
 *
 * @param options.salt see `loadSecrets`. @param options.resolve see `createHttpClient`.
 * @throws secrets_unavailable, mail_unusable
 */
export async function createHostServices(
  config: Pick<OperatorConfig, 'egress' | 'secrets' | 'mail'>,
  options: {
    readonly salt: string;
    readonly audit: Audit;
    readonly log: LogSink;
    readonly now?: () => number;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly resolve?: Resolve;
  },
): Promise<HostServices> {
  const { salt, audit, log, now = Date.now, env, resolve } = options;
  const secrets = await loadSecrets(config.secrets, salt, env);
  const mail = await createMailer(config.mail, env);
  const http = createHttpClient(config.egress.allow, resolve);
  return { http, mail, secrets, audit, log, now, close: () => http.close() };
}

/**
 * The host side of a run's imports: HTTP, mail, log and clock under the operator's and the template's policy. Calls of the
 * first two count as host calls; log lines have a limit of their own, and the clock costs nothing.
 *
 * `call` rejects for a function that does not exist and for arguments that no jco binding makes: the cell that asks is
 * broken or hostile.
 */
export function createHostFunctions(services: HostServices, run: HostRun): HostFunctions {
  const { identity, limits, template, signal } = run;
  const { audit } = services;
  const meter = createMeter(limits);
  const secrets = services.secrets.scope(identity, template.secrets, audit);
  const log = createGuestLog(services.log, identity, limits.log_lines_max, secrets.redactor);
  const clock = createClock(services.now());
  const bound = {
    identity,
    secrets,
    meter,
    audit,
    timeout_ms_max: limits.timeout_ms,
    now: services.now,
    ...(signal === undefined ? {} : { signal }),
  };
  const http = { ...bound, egress: template.egress };
  const sendMail = services.mail.bind(bound);
  return {
    async call(name, args) {
      switch (name) {
        case 'weft:http/client#send':
          return services.http.send(args[0], http);
        case 'weft:mail/sender#send':
          return sendMail(args[0]);
        case 'weft:log/logger#log':
          return { ok: log(args[0], args[1], args[2]) };
        case 'weft:clock/wall-clock#now-ms':
          return { ok: clock() };
        default:
          throw new WeftError('host_function_unknown', { name });
      }
    },
    usage: meter.usage,
  };
}
