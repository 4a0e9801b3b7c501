import assert from 'node:assert/strict';
import type { ErrorCode, WeftError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { Page, Store } from '../port.ts';

/** Storage that outlives the stores that are opened on it, one at a time. */
export interface StoreFixture {
  open(): Promise<Store>;
  /** How another process opens it: `export` of `module` is called with `options`. */
  readonly elsewhere: { readonly module: string; readonly export: string; readonly options: JsonObject };
  dispose(): Promise<void>;
}

/** Declares a test, as `suite()` of the tests gives it. */
export type Declare = (name: string, run: () => Promise<void>) => void;

/** Declares a test that has a store on fresh storage; closing the store a second time is fine. */
export type DeclareWithStore = (name: string, run: (store: Store, fixture: StoreFixture) => Promise<void>) => void;

/** Asserts that a promise rejects with an error of the table; gives the error. */
export async function refused(promise: Promise<unknown>, code: ErrorCode): Promise<WeftError> {
  const error = await promise.then(
    () => undefined,
    (reason: WeftError) => reason,
  );
  assert.equal(error?.code, code, `expected ${code}, got ${error?.stack ?? 'no error'}`);
  return error!;
}

/** Walks a listing page by page, doing something between any two pages. */
export async function walk<T>(
  list: (cursor: { cursor?: string }) => Promise<Page<T>>,
  between: () => Promise<void> = async () => undefined,
): Promise<T[]> {
  const items: T[] = [];
  for (let at: { cursor?: string } = {}; ; ) {
    const page = await list(at);
    items.push(...page.items);
    if (page.next_cursor === undefined) return items;
    at = { cursor: page.next_cursor };
    await between();
  }
}
