import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as wit from 'weft:handler/handler@1.0.0';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import type { Capability } from '../kernel/capability/types.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { type CannedExchange, type CannedMail, cannedHost } from './canned_host.ts';
import { checkAgainst } from './check_schema.ts';
import type { BoundaryEnd, HandlerFactory } from './loaded_handler.ts';
import { nativeHandler } from './native_handler.ts';
import { assert, suite } from './suite.ts';
import { wasmHandler } from './wasm_handler.ts';

const HANDLERS = join(import.meta.dirname, '../handlers');
const OUT = join(import.meta.dirname, '../build/handlers');

/** `cases/<name>/input.json`. */
interface CaseInput {
  readonly config: JsonObject;
  /** `{}` when absent. */
  readonly inputs?: Json;
  readonly resume?: { readonly state: Json; readonly signals: readonly Json[]; readonly fired?: string };
  /** 1 when absent. */
  readonly attempt?: number;
  readonly http?: readonly CannedExchange[];
  readonly mail?: readonly CannedMail[];
  /** 2026-01-01T00:00:00Z when absent. */
  readonly now_ms?: number;
}

/** `cases/<name>/expected.json`: the outcome in the kernel's form, or what is promised of the failure. */
type CaseExpected =
  | { readonly outcome: JsonObject }
  | {
      readonly failure: {
        readonly code: string;
        readonly message?: string;
        /** False when absent. */
        readonly retryable?: boolean;
        readonly retry_after_ms?: number;
        readonly details?: Json;
      };
    };

/** How a run ended, in the kernel's form; `json` keeps the texts as the guest wrote them. */
interface RunEnd {
  readonly expected: CaseExpected;
  readonly json: readonly (string | undefined)[];
}

/**
 * Declares the tests that every handler has: its capability describes itself, each of its examples and each folder of
 * `cases/` runs natively and as WASM, and both give the same bytes on success, the same code and details on failure.
 */
export function handlerCases(name: string): void {
  const test = suite(`handler ${name}`);
  const directory = join(HANDLERS, name);
  const capability = readJson(join(directory, 'capability.json')) as unknown as Capability;
  let engines: { readonly native: HandlerFactory; readonly wasm: HandlerFactory };

  test.before(async () => {
    const { handlers } = await buildHandlers({ directory: HANDLERS, outDirectory: OUT, names: [name] });
    assert.equal(handlers[0]!.diagnostics, []);
    engines = {
      native: await nativeHandler(join(directory, 'handler.ts')),
      wasm: await wasmHandler(handlers[0]!.path),
    };
  });

  test('describes itself as its capability.json does', () => {
    const { imports } = cannedHost();
    assert.equal(JSON.parse(engines.wasm(imports).describe()), capability);
    assert.is(engines.native(imports).describe(), engines.wasm(imports).describe());
  });

  const runBoth = (input: CaseInput): CaseExpected => {
    checkAgainst(capability.configSchema, input.config, 'config');
    checkAgainst(capability.inputSchema, input.inputs ?? {}, 'inputs');
    const native = runCase(engines.native, input);
    const wasm = runCase(engines.wasm, input);
    assert.equal(withoutMessage(native.expected), withoutMessage(wasm.expected), 'native and WASM');
    assert.equal(native.json, wasm.json, 'native and WASM, byte by byte');
    checkEnd(wasm.expected, capability);
    return wasm.expected;
  };

  for (const { title, result, ...input } of capability.composition.examples) {
    if (result === undefined) continue;
    test(`example: ${title}`, () => {
      const end = runBoth(input);
      assert.ok('outcome' in end, JSON.stringify(end));
      assert.equal(end.outcome['result'], result);
    });
  }

  for (const each of caseNames(directory)) {
    test(`case: ${each}`, () => {
      const folder = join(directory, 'cases', each);
      const expected = readJson(join(folder, 'expected.json')) as unknown as CaseExpected;
      const end = runBoth(readJson(join(folder, 'input.json')) as unknown as CaseInput);
      if ('outcome' in expected) return assert.equal(end, expected);
      // The message is promised only where the case names it.
      const promised = expected.failure.message === undefined ? withoutMessage(end) : end;
      assert.equal(promised, { failure: { retryable: false, ...expected.failure } });
    });
  }
}

/** Engines word their own exceptions differently. */
function withoutMessage(end: CaseExpected): CaseExpected {
  if ('outcome' in end) return end;
  const { message: _, ...failure } = end.failure;
  return { failure };
}

function caseNames(directory: string): string[] {
  const folder = join(directory, 'cases');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function readJson(file: string): JsonObject {
  return JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
}

function runCase(
  factory: HandlerFactory,
  { config, inputs = {}, resume, attempt = 1, http, mail, now_ms }: CaseInput,
): RunEnd {
  const host = cannedHost(http, now_ms, mail);
  const end = factory(host.imports).run({
    taskId: 'task-1',
    stepId: 'step-1',
    stepName: 'step',
    attempt,
    idempotencyKey: 'key-1',
    config: JSON.stringify(config),
    inputs: JSON.stringify(inputs),
    ...(resume === undefined
      ? {}
      : { resume: { ...resume, state: JSON.stringify(resume.state), signals: JSON.stringify(resume.signals) } }),
  });
  host.assertDone();
  return runEnd(end);
}

function runEnd(end: BoundaryEnd): RunEnd {
  if ('outcome' in end) return outcomeEnd(end.outcome);
  const { code, message, retryable, retryAfterMs, details } = end.failure;
  return {
    expected: {
      failure: {
        code,
        message,
        retryable,
        ...(retryAfterMs == null ? {} : { retry_after_ms: retryAfterMs }),
        ...(details == null ? {} : { details: JSON.parse(details) as Json }),
      },
    },
    json: [details ?? undefined],
  };
}

function outcomeEnd(outcome: wit.Outcome): RunEnd {
  const parse = (text: string) => JSON.parse(text) as Json;
  switch (outcome.tag) {
    case 'complete':
      return { expected: { outcome: { kind: 'complete', result: parse(outcome.val) } }, json: [outcome.val] };
    case 'branch': {
      const { steps, result } = outcome.val;
      return { expected: { outcome: { kind: 'branch', steps: [...steps], result: parse(result) } }, json: [result] };
    }
    case 'suspend': {
      const { state, request, signals, deadlines } = outcome.val;
      return {
        expected: {
          outcome: {
            kind: 'suspend',
            state: parse(state),
            request: parse(request),
            signals: parse(signals),
            // The native guest's arrays are of another realm, which a comparison takes for another type.
            deadlines: Array.from(deadlines, ({ name, afterMs }) => ({ name, after_ms: afterMs })),
          },
        },
        json: [state, request, signals],
      };
    }
    case 'batches': {
      const { items, maxConcurrency, result } = outcome.val;
      return {
        expected: {
          outcome: {
            kind: 'batches',
            items: Array.from(items, parse),
            max_concurrency: maxConcurrency,
            result: parse(result),
          },
        },
        json: [...items, result],
      };
    }
  }
}

/** What the engine would check as well: a documented code, a result that meets the output schema. */
function checkEnd(end: CaseExpected, capability: Capability): void {
  if ('outcome' in end) {
    if ('result' in end.outcome) checkAgainst(capability.outputSchema, end.outcome['result']!, 'result');
    return;
  }
  const documented = capability.errors.find(({ code }) => code === end.failure.code);
  assert.ok(documented, `failure "${end.failure.code}: ${end.failure.message}" is not in the capability's errors`);
}
