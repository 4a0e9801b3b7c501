import { WeftError } from '../../kernel/errors.ts';
import type { Template } from '../../kernel/template/types.ts';
import type { OperatorConfig } from '../config/types.ts';
import type { HostFunctions, StepIdentity, StepLimits } from '../sandbox/port.ts';
import type { Audit, AuditedFunction, AuditFacts } from './audit.ts';
import { createClock } from './clock.ts';
import type { Resolve } from './connector.ts';
import { createHttpClient, type HttpClient } from './http_client.ts';
import { createGuestLog, type LogSink } from './log.ts';
import { createMailer, type Mailer } from './mail.ts';
import { createMeter } from './meter.ts';
import { createPacer } from './pacer.ts';
import { createRunRecord } from './run_record.ts';
import type { SecretStore } from './secrets.ts';

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
 * Opens what host functions need.
 *
 * @param options.resolve see `createHttpClient`.
 * @throws mail_unusable
 */
export async function createHostServices(
  config: Pick<OperatorConfig, 'egress' | 'mail'>,
  options: {
    readonly secrets: SecretStore;
    readonly audit: Audit;
    readonly log: LogSink;
    readonly now?: () => number;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly resolve?: Resolve;
  },
): Promise<HostServices> {
  const { secrets, audit, log, now = Date.now, env, resolve } = options;
  const mail = await createMailer(config.mail, env);
  const http = createHttpClient(config.egress.allow, resolve);
  return { http, mail, secrets, audit, log, now, close: () => http.close() };
}

/**
 * The host side of a run's imports: HTTP, mail, log and clock under the operator's and the template's policy. Calls of the
 * first two count as host calls; log lines have a limit of their own, and the clock costs nothing. Calls that come faster
 * than the run may make them wait.
 *
 * `call` rejects for a function that does not exist and for arguments that no jco binding makes: the cell that asks is
 * broken or hostile.
 */
export function createHostFunctions(services: HostServices, run: HostRun): HostFunctions {
  const { identity, limits, template, signal } = run;
  const meter = createMeter(limits);
  const record = createRunRecord(services.audit);
  const log = createGuestLog(services.log, identity, limits, services.secrets.redactor(identity.namespace));
  const clock = createClock(services.now());
  const paceImport = createPacer(limits.imports_per_second_max, signal);
  const paceHostCall = createPacer(limits.host_calls_per_second_max, signal);
  const within = (name: AuditedFunction) => {
    const audit = record.within(name);
    const secrets = services.secrets.scope(identity, template.secrets, audit);
    return { identity, secrets, meter, audit, limits, now: services.now, ...(signal === undefined ? {} : { signal }) };
  };
  const http = { ...within('weft:http/client#send'), egress: template.egress };
  const mail = within('weft:mail/sender#send');
  const sendMail = services.mail.bind(mail);
  const hostCall = async (audit: AuditFacts, perform: () => Promise<Answer>): Promise<Answer> => {
    await paceHostCall();
    const answer = await perform();
    if ('error' in answer && answer.error.tag === 'budget') {
      audit({ kind: 'budget_exceeded', identity, reason: String(answer.error.val) });
    }
    return answer;
  };
  return {
    async call(name, args) {
      await paceImport();
      switch (name) {
        case 'weft:http/client#send':
          return hostCall(http.audit, () => services.http.send(args[0], http));
        case 'weft:mail/sender#send':
          return hostCall(mail.audit, () => sendMail(args[0]));
        case 'weft:log/logger#log':
          return { ok: log(args[0], args[1], args[2]) };
        case 'weft:clock/wall-clock#now-ms':
          return { ok: clock() };
        default:
          throw new WeftError('host_function_unknown', { name });
      }
    },
    usage: () => ({ ...meter.usage(), ...record.summary() }),
  };
}

type Answer = { readonly ok: unknown } | { readonly error: { readonly tag: string; readonly val: unknown } };
