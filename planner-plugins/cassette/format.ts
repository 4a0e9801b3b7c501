import { createHash } from 'node:crypto';
import {
  type ConfiguredModel,
  canonicalJson,
  type Json,
  type JsonObject,
  type ModelAnswer,
  type ModelRequest,
  type PlannerProblem,
} from '../../kernel/index.ts';

/** The first line of a cassette. docs/models.md describes the file. */
export interface CassetteHeader {
  readonly weft_cassette: '1.0';
  /** The model that was recorded, by the name that planning steps use; it holds no key. */
  readonly name: string;
  readonly model: ConfiguredModel;
}

/** Every further line: a call, and what came of it. */
export interface CassetteEntry {
  /** `sha256:<hex>` of the request's canonical JSON. */
  readonly key: string;
  readonly request: RecordedRequest;
  readonly outcome: { readonly answer: ModelAnswer } | { readonly problem: PlannerProblem };
}

/** Where a model is, and how long it may take, do not change what it says. */
export type RecordedRequest = Omit<ModelRequest, 'endpoint' | 'timeout_ms'>;

/** A cassette that was read. */
export interface Cassette extends CassetteHeader {
  readonly entries: readonly CassetteEntry[];
}

/** The part of a request that is recorded. */
export function recordedPart({ endpoint: _, timeout_ms: __, ...rest }: ModelRequest): RecordedRequest {
  return rest;
}

/** What a request is found by. */
export function keyOf(request: RecordedRequest): string {
  return `sha256:${createHash('sha256')
    .update(canonicalJson(asJson(request)))
    .digest('hex')}`;
}

/** One line, with its line break. */
export function lineOf(value: CassetteHeader | CassetteEntry): string {
  return `${JSON.stringify(value)}\n`;
}

/** Reads a cassette's text. @throws Error with the line that is wrong */
export function readCassette(text: string): Cassette {
  const lines = text.split('\n').filter((line) => line !== '');
  const values = lines.map((line, index) => {
    try {
      return JSON.parse(line) as JsonObject;
    } catch (error) {
      throw new Error(`line ${index + 1} is no JSON: ${(error as Error).message}`);
    }
  });
  const [header, ...entries] = values;
  if (header?.['weft_cassette'] !== '1.0') throw new Error('line 1 is no header with "weft_cassette": "1.0"');
  for (const [index, { key, request, outcome }] of entries.entries()) {
    const whole = typeof key === 'string' && typeof request === 'object' && typeof outcome === 'object';
    if (!whole) throw new Error(`line ${index + 2} lacks key, request or outcome`);
    if (keyOf(request as unknown as RecordedRequest) !== key)
      throw new Error(`line ${index + 2} was changed: its key is another`);
  }
  return { ...(header as unknown as CassetteHeader), entries: entries as unknown as CassetteEntry[] };
}

function asJson(request: RecordedRequest): Json {
  return JSON.parse(JSON.stringify(request)) as Json;
}
