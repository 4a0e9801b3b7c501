import type { JsonObject } from '../../kernel/json.ts';
import type { SettledStatus } from '../../kernel/task/task_machine.ts';
import type { StepLimitValues } from '../../kernel/template/step_limits.ts';
import type { EgressRule } from '../../kernel/template/types.ts';

/** An operator's egress rule: like a template's, and alone able to open private addresses. */
export interface OperatorEgressRule extends EgressRule {
  /** The host may be, or resolve to, a loopback, private or link-local address. False when absent. */
  readonly private?: boolean;
}

/** Where in a request a secret's value may stand. */
export type SecretPosition = 'auth' | 'header' | 'path' | 'query' | 'body';

/** A secret: where its value comes from and what it is granted for. */
export interface SecretConfig {
  readonly source: { readonly env: string } | { readonly file: string };
  /** Host patterns as in egress rules. */
  readonly hosts: readonly string[];
  /** All when absent. */
  readonly namespaces?: readonly string[];
  /** `['auth', 'header']` when absent. */
  readonly positions?: readonly SecretPosition[];
  /** It may go to its hosts over plain http. False when absent. */
  readonly plain_http?: boolean;
}

/** A named API token: its name is the principal of what is done with it. */
export interface TokenConfig {
  readonly name: string;
  /** `read`, `submit`, `operate`, `admin`, or roles of the operator's own that gates ask for. */
  readonly roles: readonly string[];
  readonly token: { readonly env: string } | { readonly file: string };
}

/** The operator's mail relay: without a host there is none. */
export interface MailConfig {
  readonly host?: string;
  readonly port: number;
  /** `starttls` and `tls` insist on encryption; `none` never encrypts. */
  readonly secure: 'starttls' | 'tls' | 'none';
  readonly auth: { readonly username: string; readonly password: SecretConfig['source'] } | null;
  /** A bare address, or a name and an address in angle brackets; needed with a host. */
  readonly from?: string;
  /** Domains as host patterns of egress rules; nobody when empty. */
  readonly recipient_domains: readonly string[];
  /** Of one run. */
  readonly max_recipients: number;
  readonly max_message_bytes: number;
}

/** What one step may use at the most, which a template can only narrow, and how large what comes from outside may be. */
export interface LimitsConfig extends StepLimitValues {
  readonly step_timeout_ms_max: number;
  readonly template_bytes_max: number;
  readonly context_bytes_max: number;
  readonly template_steps_max: number;
}

/** What becomes of settled tasks. */
export type RetentionAction = 'keep' | 'archive' | 'remove';

/** How long settled tasks stay, and where they go. */
export interface RetentionConfig {
  readonly settled_tasks: RetentionAction;
  /** From the settling. */
  readonly after_hours: number;
  readonly archive_directory: string;
  /** What differs for tasks that ended so. */
  readonly by_status: Readonly<
    Partial<Record<SettledStatus, { readonly settled_tasks?: RetentionAction; readonly after_hours?: number }>>
  >;
  readonly every_minutes: number;
}

/** What components may be granted to import, by its short name; all but `clock` and `log` lead out of the process. */
export const GRANTABLE_IMPORTS = ['clock', 'http', 'log', 'mail'] as const;

export type GrantableImport = (typeof GRANTABLE_IMPORTS)[number];

/** What components of the handler directories may import. */
export interface HandlerGrant {
  readonly imports: readonly GrantableImport[];
  /** Names of the handlers that it is for; all when absent. */
  readonly handlers?: readonly string[];
  /** The directory whose components it is for; all when absent. */
  readonly directory?: string;
}

/** `weft.yaml`, checked, defaults filled in, paths absolute. */
export interface OperatorConfig {
  /** Holds the store, the lock, the socket. */
  readonly data_directory: string;
  /** Holds transpiled components by digest. */
  readonly cache_directory: string;
  readonly store: { readonly kind: 'sqlite'; readonly path: string };
  readonly transport: { readonly kind: 'memory' };
  readonly handlers: {
    /** Weft's own come first. */
    readonly directories: readonly string[];
    /** Besides `clock` and `log`, which every handler has; Weft's own need none. */
    readonly grants: readonly HandlerGrant[];
  };
  readonly plugins: {
    readonly directories: readonly string[];
    /** By plugin name; a plugin that is not listed gets `{}`. */
    readonly options: Readonly<Record<string, JsonObject>>;
  };
  readonly egress: { readonly allow: readonly OperatorEgressRule[] };
  readonly secrets: Readonly<Record<string, SecretConfig>>;
  readonly mail: MailConfig;
  readonly limits: LimitsConfig;
  readonly retention: RetentionConfig;
  readonly broker: { readonly cells: number; readonly cell_heap_mb: number; readonly drain_grace_ms: number };
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly tokens: readonly TokenConfig[];
    /** Names, besides those of the loopback and of `host`, that requests may be addressed to. None when absent. */
    readonly allowed_hosts?: readonly string[];
  };
  readonly dead_letters: { readonly stuck_after_ms: number };
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent' };
}
