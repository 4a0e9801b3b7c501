import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { WeftError } from '../../kernel/errors.ts';
import type { SecretConfig, SecretPosition } from '../config/types.ts';
import type { StepIdentity } from '../sandbox/port.ts';
import type { Audit, AuditEvent } from './audit.ts';
import { hostMatches } from './egress_policy.ts';
import { createRedactor, type Redactable, type Redactor, redactable } from './redaction.ts';

/** What a guest holds in place of a secret: `weft-secret-` and 32 hex digits. */
const PLACEHOLDER = /weft-secret-[0-9a-f]{32}/g;
const DEFAULT_POSITIONS: readonly SecretPosition[] = ['auth', 'header'];
/** Redacting anything shorter would damage ordinary text. */
const VALUE_BYTES_MIN = 8;
const VALUE_BYTES_MAX = 65_536;

/** The operator's secrets, read once. */
export interface SecretStore {
  /**
   * What stands for a secret in the config of a step: unguessable, the same in every attempt of the step, another in
   * every other step. Any name has one; whether the step may use it is decided when it does.
   */
  placeholder(run: Pick<StepIdentity, 'task_id' | 'step_id'>, name: string): string;
  /** The secrets as one run may use them. `listed` are the names in its template. */
  scope(identity: StepIdentity, listed: readonly string[], audit: Audit): SecretScope;
}

/** The secrets of one run. */
export interface SecretScope {
  /**
   * Puts values in place of placeholders, each through `encode`; audited.
   * @throws SecretDenied when one is not granted for this host, namespace, position or template.
   */
  reveal(text: string, position: SecretPosition, host: string, encode?: (value: string) => string): string;
  /** @throws SecretDenied when the text holds a placeholder at all. `place` is for people. */
  forbid(text: string, place: string, host: string): void;
  /** Of all secrets that the template lists. */
  readonly redactor: Redactor;
}

/** A placeholder stood where its secret is not granted; the message names the secret. */
export class SecretDenied extends Error {
  override readonly name = 'SecretDenied';
}

/**
 * Reads the operator's secrets from environment and files (one trailing line break is dropped).
 *
 * @param salt constant for the store's life and known to nobody else; placeholders derive from it.
 * @throws secrets_unavailable, naming each variable or file that is missing, empty, too short or too long.
 */
export async function loadSecrets(
  configs: Readonly<Record<string, SecretConfig>>,
  salt: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SecretStore> {
  const problems: string[] = [];
  const secrets = new Map<
    string,
    { readonly config: SecretConfig; readonly value: string; readonly spelled: Redactable }
  >();
  for (const [name, config] of Object.entries(configs)) {
    try {
      const value = checkedValue(await readSource(config.source, env));
      secrets.set(name, { config, value, spelled: redactable(name, value) });
    } catch (error) {
      problems.push(`"${name}" from ${describe(config.source)}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) {
    throw new WeftError('secrets_unavailable', { count: problems.length, problems: problems.join('; ') });
  }

  const placeholder: SecretStore['placeholder'] = ({ task_id, step_id }, name) => {
    const digest = createHmac('sha256', salt)
      .update(JSON.stringify([task_id, step_id, name]))
      .digest('hex');
    return `weft-secret-${digest.slice(0, 32)}`;
  };

  const scope: SecretStore['scope'] = (identity, listed, audit) => {
    const names = new Map([...secrets.keys(), ...listed].map((name) => [placeholder(identity, name), name]));
    const deny = (event: Pick<AuditEvent & { kind: 'secret_denied' }, 'secret' | 'position' | 'host' | 'reason'>) => {
      audit({ kind: 'secret_denied', identity, ...event });
      return new SecretDenied(event.reason);
    };
    const refusal = (name: string | undefined, position: SecretPosition, host: string): string | undefined => {
      if (name === undefined) return 'the request holds a secret placeholder that was not made for this step';
      if (!listed.includes(name)) return `secret "${name}" is not listed under "secrets" in the template`;
      const config = secrets.get(name)?.config;
      if (config === undefined) return `secret "${name}" is not among the operator's secrets`;
      if (config.namespaces !== undefined && !config.namespaces.includes(identity.namespace)) {
        return `secret "${name}" is not granted to the namespace "${identity.namespace}"`;
      }
      const positions = config.positions ?? DEFAULT_POSITIONS;
      if (!positions.includes(position)) {
        return `secret "${name}" may not stand in ${position}; it is granted for ${positions.join(', ')}`;
      }
      return config.hosts.some((pattern) => hostMatches(pattern, host))
        ? undefined
        : `secret "${name}" is not granted for the host "${host}"`;
    };
    return {
      reveal: (text, position, host, encode = (value) => value) =>
        text.replace(PLACEHOLDER, (found) => {
          const secret = names.get(found);
          const reason = refusal(secret, position, host);
          if (reason !== undefined) throw deny({ secret: secret ?? null, position, host, reason });
          audit({ kind: 'secret_used', identity, secret: secret as string, position, host });
          return encode(secrets.get(secret as string)?.value as string);
        }),
      forbid: (text, place, host) => {
        const found = text.match(PLACEHOLDER)?.[0];
        if (found === undefined) return;
        const secret = names.get(found) ?? null;
        const reason = `${secret === null ? 'a secret placeholder' : `secret "${secret}"`} may not stand in ${place}`;
        throw deny({ secret, position: 'elsewhere', host, reason });
      },
      redactor: createRedactor(listed.flatMap((name) => secrets.get(name)?.spelled ?? [])),
    };
  };
  return { placeholder, scope };
}

/** The value that a source of the config names; undefined for a variable that is not set. Throws when a file cannot be read. */
export async function readSource(
  source: SecretConfig['source'],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if ('env' in source) return env[source.env];
  return (await readFile(source.file, 'utf8')).replace(/\r?\n$/, '');
}

function checkedValue(value: string | undefined): string {
  if (value === undefined) throw new Error('it is not set');
  const bytes = Buffer.byteLength(value);
  if (bytes < VALUE_BYTES_MIN) throw new Error(`it has ${bytes} bytes; a secret needs at least ${VALUE_BYTES_MIN}`);
  if (bytes > VALUE_BYTES_MAX) throw new Error(`it has ${bytes} bytes; a secret may have ${VALUE_BYTES_MAX}`);
  return value;
}

function describe(source: SecretConfig['source']): string {
  return 'env' in source ? `the environment variable ${source.env}` : `the file ${source.file}`;
}

/** Whether a text holds what looks like a placeholder, of whichever step. */
export function holdsPlaceholder(text: string): boolean {
  return text.search(PLACEHOLDER) >= 0;
}
