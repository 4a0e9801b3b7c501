import type { Json, JsonObject } from '../json.ts';
import type { ModelEndpoint, ModelUsage } from './configured_model.ts';

/**
 * What speaks a provider's API. A plugin registers it under a name (`services.models.register(name, adapter)`), and
 * planners that call models look it up by that (`services.models.get(name)`) when they plan, never before.
 */
export interface ModelAdapter {
  /** A line for people. */
  readonly description: string;
  /**
   * One call, never tried again here.
   * @throws PlannerFailure
   */
  call(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<ModelAnswer>;
}

/** A request in no provider's terms. */
export interface ModelRequest {
  /** The provider's name of the model. */
  readonly model: string;
  /** Where it is and which variable has the key; the adapter's own defaults when absent. */
  readonly endpoint?: ModelEndpoint;
  /** For the whole call, to the last byte; the adapter's default when absent. */
  readonly timeout_ms?: number;
  /** Parts that stay the same from call to call come first and are marked, so that the provider can cache them. */
  readonly system: readonly { readonly text: string; readonly cache?: boolean }[];
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  /** The tool that the model must use; any or none when absent. */
  readonly tool_choice?: string;
  readonly max_tokens: number;
}

/** A tool that a model may call. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly input_schema: JsonObject;
  /** The provider holds the model to the schema, which is then of the strict kind: closed objects, all keys required. */
  readonly strict?: boolean;
}

/** A turn of the conversation. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly ModelContent[];
}

export type ModelContent =
  | { readonly kind: 'text'; readonly text: string }
  /** `input` is the text of the arguments where they are no JSON. */
  | { readonly kind: 'tool_use'; readonly id: string; readonly name: string; readonly input: Json }
  | { readonly kind: 'tool_result'; readonly id: string; readonly text: string; readonly is_error?: boolean };

/** What the model said. */
export interface ModelAnswer {
  readonly content: readonly ModelContent[];
  readonly stop_reason: 'end' | 'tool_use' | 'max_tokens' | 'refusal';
  /** What the provider says it ran. */
  readonly model: string;
  /** Without what it cost: prices are the planner's to know. */
  readonly usage: ModelUsage;
  /** From the request to the last byte of the answer. */
  readonly latency_ms: number;
  /** The provider's answer as it came, for people and cassettes. */
  readonly raw: Json;
}
