import type { Json } from '../../kernel/json.ts';
import { pointerToken } from '../../kernel/schema/pointer.ts';
import { isObject } from '../../kernel/schema/walk.ts';

/** A place where a value is not what it should be; undefined where there is nothing. */
export interface Difference {
  readonly pointer: string;
  readonly expected: Json | undefined;
  readonly got: Json | undefined;
}

/** Every smallest part in which two values differ, in the order of the expected one. */
export function differences(expected: Json | undefined, got: Json | undefined, pointer = ''): readonly Difference[] {
  if (Array.isArray(expected) && Array.isArray(got)) {
    const length = Math.max(expected.length, got.length);
    return Array.from({ length }, (_, at) => differences(expected[at], got[at], `${pointer}/${at}`)).flat();
  }
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...keys].flatMap((key) =>
      differences(own(expected, key), own(got, key), `${pointer}/${pointerToken(key)}`),
    );
  }
  return expected === got ? [] : [{ pointer, expected, got }];
}

const TEXT_LENGTH_MAX = 400;

/** One line: `/outcome/result/total: expected 3, got 4`. */
export function differenceText({ pointer, expected, got }: Difference): string {
  return `${pointer === '' ? 'the whole' : pointer}: expected ${shown(expected)}, got ${shown(got)}`;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
}

function own(object: Readonly<Record<string, Json>>, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
