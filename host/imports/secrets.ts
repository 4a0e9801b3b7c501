import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { WeftError } from '../../kernel/errors.ts';
import type { SecretConfig, SecretPosition } from '../config/types.ts';
import type { StepIdentity } from '../sandbox/port.ts';
import type { AuditFact, AuditFacts } from './audit.ts';
import { hostMatches } from './egress_policy.ts';
import { createRedactor, type Redactable, type Redactor, redactable } from './redaction.ts';

/** What a guest holds in place of a secret: `weft-secret-` and 32 hex digits. */
const PLACEHOLDER = /weft-secret-[0-9a-f]{32}/g;
const DEFAULT_POSITIONS: readonly SecretPosition[] = ['auth', 'header'];
/** Redacting anything shorter would damage ordinary text. */
const VALUE_BYTES_MIN = 8;
/** What is shorter can be guessed, and may be part of ordinary text. */
const VALUE_BYTES_ADVISED = 16;
const VALUE_BYTES_MAX = 65_536;
/** A value may be a thousand times as long as its placeholder. */
const REVEALED_MAX = 32;

/** The operator's secrets, read once. */
export interface SecretStore {
  /**
   * What stands for a secret in the config of a step: unguessable, the same in every attempt of the step, another in
   * every other step. Any name has one; whether the step may use it is decided when it does.
   */
  placeholder(run: Pick<StepIdentity, 'task_id' | 'step_id'>, name: string): string;
  /** The secrets as one run may use them. `listed` are the names in its template. */
  scope(identity: StepIdentity, listed: readonly string[], audit: AuditFacts): SecretScope;
  /**
   * Of every secret that a template of the namespace could list, whether it does or not: a server may repeat to one
   * template what another told it. Of all secrets without a namespace.
   */
  redactor(namespace?: string): Redactor;
  /** What an operator should know of the values, a line each; never the values. */
  readonly warnings: readonly string[];
}

/** Where a secret would go. */
export interface SecretTarget {
  /** As `URL.hostname` gives it. */
  readonly host: string;
  /** Whether the way there is encrypted. */
  readonly secure: boolean;
}

/** The secrets of one run. */
export interface SecretScope {
  /**
   * Puts values in place of placeholders, each through `encode`; every secret that is used is audited once.
   * @throws SecretDenied when one is not granted for this host, namespace, position or template, or not in the clear.
   */
  reveal(text: string, position: SecretPosition, target: SecretTarget, encode?: (value: string) => string): string;
  /** @throws SecretDenied when the text holds a placeholder at all. `place` is for people. */
  forbid(text: string, place: string, host: string): void;
  /** Of the run's namespace. */
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
  const warnings: string[] = [];
  const secrets = new Map<
    string,
    { readonly config: SecretConfig; readonly value: string; readonly spelled: Redactable }
  >();
  for (const [name, config] of Object.entries(configs)) {
    try {
      const value = checkedValue(await readSource(config.source, env));
      const bytes = Buffer.byteLength(value);
      if (bytes < VALUE_BYTES_ADVISED) {
        warnings.push(`secret "${name}" has ${bytes} bytes; one of at least ${VALUE_BYTES_ADVISED} is hard to guess`);
      }
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

  // One for each set of secrets: namespaces are the templates' to invent, sets are not.
  const redactors = new Map<string, Redactor>();
  const redactor: SecretStore['redactor'] = (namespace) => {
    const within = [...secrets].filter(([, { config }]) => isGrantedTo(config, namespace));
    const key = JSON.stringify(within.map(([name]) => name));
    const known = redactors.get(key) ?? createRedactor(within.map(([, { spelled }]) => spelled));
    redactors.set(key, known);
    return known;
  };

  const scope: SecretStore['scope'] = (identity, listed, audit) => {
    const names = new Map([...secrets.keys(), ...listed].map((name) => [placeholder(identity, name), name]));
    const deny = (
      event: Pick<Extract<AuditFact, { kind: 'secret_denied' }>, 'secret' | 'position' | 'host' | 'reason'>,
    ) => {
      audit({ kind: 'secret_denied', identity, ...event });
      return new SecretDenied(event.reason);
    };
    const refusal = (name: string | undefined, position: SecretPosition, target: SecretTarget): string | undefined => {
      const { host, secure } = target;
      if (name === undefined) return 'the request holds a secret placeholder that was not made for this step';
      if (!listed.includes(name)) return `secret "${name}" is not listed under "secrets" in the template`;
      const config = secrets.get(name)?.config;
      if (config === undefined) return `secret "${name}" is not among the operator's secrets`;
      if (!isGrantedTo(config, identity.namespace)) {
        return `secret "${name}" is not granted to the namespace "${identity.namespace}"`;
      }
      const positions = config.positions ?? DEFAULT_POSITIONS;
      if (!positions.includes(position)) {
        return `secret "${name}" may not stand in ${position}; it is granted for ${positions.join(', ')}`;
      }
      if (!config.hosts.some((pattern) => hostMatches(pattern, host))) {
        return `secret "${name}" is not granted for the host "${host}"`;
      }
      return secure || config.plain_http === true
        ? undefined
        : `secret "${name}" may not go over plain http; use https, or grant it with "plain_http: true"`;
    };
    return {
      reveal: (text, position, target, encode = (value) => value) => {
        const { host } = target;
        let count = 0;
        const used = new Set<string>();
        const revealed = text.replace(PLACEHOLDER, (found) => {
          const secret = names.get(found);
          count += 1;
          const reason =
            count > REVEALED_MAX
              ? `a ${position} may hold ${REVEALED_MAX} references to secrets`
              : refusal(secret, position, target);
          if (reason !== undefined) throw deny({ secret: secret ?? null, position, host, reason });
          used.add(secret as string);
          return encode(secrets.get(secret as string)?.value as string);
        });
        for (const secret of used) audit({ kind: 'secret_used', identity, secret, position, host });
        return revealed;
      },
      forbid: (text, place, host) => {
        const found = text.match(PLACEHOLDER)?.[0];
        if (found === undefined) return;
        const secret = names.get(found) ?? null;
        const reason = `${secret === null ? 'a secret placeholder' : `secret "${secret}"`} may not stand in ${place}`;
        throw deny({ secret, position: 'elsewhere', host, reason });
      },
      redactor: redactor(identity.namespace),
    };
  };
  return { placeholder, scope, redactor, warnings };
}

/** The value that a source of the config names; undefined for a variable that is not set. Throws when a file cannot be read. */
export async function readSource(
  source: SecretConfig['source'],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if ('env' in source) return env[source.env];
  return (await readFile(source.file, 'utf8')).replace(/\r?\n$/, '');
}

function isGrantedTo({ namespaces }: SecretConfig, namespace: string | undefined): boolean {
  return namespace === undefined || namespaces === undefined || namespaces.includes(namespace);
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
