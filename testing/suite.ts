import { type Callback, suite as uvuSuite } from 'uvu';

/** Declares tests and what surrounds them; see `suite`. */
export interface Suite {
  (name: string, body: Callback): void;
  /** Runs this one alone; refused in CI. */
  only(name: string, body: Callback): void;
  /** Leaves a test out, saying why; `npm test` repeats it aloud and CI refuses it. */
  skip(name: string, reason: string): void;
  before(hook: Callback): void;
  after(hook: Callback): void;
  beforeEach(hook: Callback): void;
  afterEach(hook: Callback): void;
}

/** How a test file tells the runner what it left out. */
export const SKIPPED = '[skipped]';

/**
 * A uvu suite that runs itself: plain uvu exits 0 when `.run()` is forgotten, here declaring a test is enough.
 * @throws Error when a test is declared after a top-level await, where it would silently not run
 *
 * @example
 * const test = suite('reference parser');
 * test('keeps the type of a whole-string reference', () => { assert.equal(…) });
 */
export function suite(name: string): Suite {
  const declared = uvuSuite(name);
  let started = false;
  setImmediate(() => {
    started = true;
    declared.run();
  });
  const inTime = (test: string): void => {
    if (started)
      throw new Error(`"${test}" is declared after "${name}" has started; move the top-level await below it`);
  };
  // uvu ends a suite whose hooks throw, and does not say why.
  const aloud =
    (hook: Callback): Callback =>
    async (context) => {
      try {
        await hook(context);
      } catch (error) {
        process.stderr.write(`a hook of "${name}" failed: ${(error as Error).stack ?? error}\n`);
        throw error;
      }
    };
  const test = (testName: string, body: Callback): void => {
    inTime(testName);
    declared(testName, body);
  };
  return Object.assign(test, {
    only: (testName: string, body: Callback) => {
      if (process.env['CI']) throw new Error(`"${testName}" is marked "only"`);
      declared.only(testName, body);
    },
    skip: (testName: string, reason: string) => {
      if (process.env['CI']) throw new Error(`"${testName}" is skipped in CI: ${reason}`);
      declared.skip(testName, () => undefined);
      process.stdout.write(`${SKIPPED} ${name} › ${testName}: ${reason}\n`);
    },
    before: (hook: Callback) => declared.before(aloud(hook)),
    after: (hook: Callback) => declared.after(aloud(hook)),
    beforeEach: (hook: Callback) => declared.before.each(hook),
    afterEach: (hook: Callback) => declared.after.each(aloud(hook)),
  });
}

export * as assert from 'uvu/assert';
