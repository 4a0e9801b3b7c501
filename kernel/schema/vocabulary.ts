import type { Format } from 'ajv';
import type { JsonObject } from '../json.ts';
import { didYouMean } from './nearest.ts';
import { pointerToken } from './pointer.ts';
import type { Problem } from './problem.ts';
import { isObject, type Schema, subschemas } from './walk.ts';

/** A compiled regular expression. */
export interface Regex {
  test(text: string): boolean;
}

/** What the host lends to schemas: how patterns are compiled, and what `format` may name. */
export interface Vocabulary {
  /** Throws on patterns it cannot compile. */
  readonly engine: (pattern: string, flags: string) => Regex;
  /** In ajv's form. */
  readonly formats: Readonly<Record<string, Format>>;
}

/** Patterns that the engine refuses and formats that nobody gave, in a whole (guarded) schema. */
export function vocabularyProblems(root: Schema, vocabulary: Vocabulary): Problem[] {
  return Array.from(subschemas(root)).flatMap(([pointer, schema]) =>
    isObject(schema)
      ? [...patternProblems(schema, pointer, vocabulary), ...formatProblems(schema, pointer, vocabulary)]
      : [],
  );
}

function patternProblems(
  { pattern, patternProperties }: JsonObject,
  pointer: string,
  { engine }: Vocabulary,
): Problem[] {
  const patterns: [string, string][] = typeof pattern === 'string' ? [[`${pointer}/pattern`, pattern]] : [];
  for (const key of isObject(patternProperties) ? Object.keys(patternProperties) : []) {
    patterns.push([`${pointer}/patternProperties/${pointerToken(key)}`, key]);
  }
  return patterns.flatMap(([at, pattern]) => {
    try {
      engine(pattern, 'u');
      return [];
    } catch (error) {
      const message = `the pattern cannot be used: ${(error as Error).message}`;
      return [{ pointer: at, message, got: pattern, suggestion: 'write it without lookaround and backreferences' }];
    }
  });
}

function formatProblems({ format }: JsonObject, pointer: string, { formats }: Vocabulary): Problem[] {
  if (typeof format !== 'string' || Object.hasOwn(formats, format)) return [];
  const suggestion = didYouMean(format, Object.keys(formats));
  const problem = { pointer: `${pointer}/format`, message: 'is no known format', got: format };
  return [suggestion === undefined ? problem : { ...problem, suggestion }];
}
