import type { JsonObject } from '../json.ts';

/** Behaviour hints with MCP's names and pessimistic defaults (all but `readOnlyHint` and `idempotentHint` default to true). */
export interface CapabilityAnnotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** An error that a handler declares it may return. */
export interface CapabilityError {
  readonly code: string;
  readonly retryable: boolean;
  readonly description: string;
}

/** One worked example: it is documentation, a test and a few-shot prompt at once. */
export interface CapabilityExample {
  readonly title: string;
  readonly config: JsonObject;
  readonly inputs: JsonObject;
  /** The result of a `complete` outcome or of a branch; absent when the example needs the network or a person. */
  readonly result?: JsonObject;
}

/** The capability schema that a handler's `describe()` returns. `validateCapability` decides what is one. */
export interface Capability {
  readonly name: string;
  /** Semantic version of the handler. */
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  /** JSON Schemas, draft 2020-12. */
  readonly configSchema: JsonObject;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly annotations: CapabilityAnnotations;
  readonly errors: readonly CapabilityError[];
  /** Host interfaces the component imports, as `weft:http/client@1.0.0`. */
  readonly imports: readonly string[];
  readonly resources: {
    readonly network: boolean;
    readonly typicalLatencyMs: number;
    readonly memoryMb: number;
    readonly costPerCallUsd: number;
  };
  readonly composition: {
    readonly usedWith: readonly string[];
    readonly examples: readonly CapabilityExample[];
  };
}

/** A handler as a catalog holds it: a capability pinned to the bytes that have it. */
export interface CatalogEntry {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of the component's bytes. */
  readonly digest: string;
  readonly capability: Capability;
}
