import type { Json } from '../guest/index.ts';

/** A condition on a value; `pointer` says which part it is about. */
export interface Rule {
  readonly name: string;
  readonly test: string;
  readonly message: string;
  readonly pointer: string;
}

/** The config, defaults filled in. */
export interface ValidateConfig {
  readonly source?: string;
  readonly each: boolean;
  readonly schema: Json;
  readonly rules: readonly Rule[];
  readonly on_invalid: 'fail' | 'flag' | 'filter';
  readonly max_reasons: number;
}

/** Why a value is invalid. */
export interface Reason {
  /** JSON pointer (RFC 6901) into the value. */
  readonly pointer: string;
  /** Of the schema, or `rule`. */
  readonly keyword: string;
  readonly message: string;
  readonly rule?: string;
}
