import { transform } from 'esbuild';
import { cannedHost } from '../../host/handler_author/native/canned_host.ts';
import { evaluateScript, hostImports, type ScriptHandler } from '../../host/handler_author/native/script.ts';
import { hostFunctions, stepRun } from '../../host/sandbox/fixtures/runs.ts';
import type { StepRun } from '../../host/sandbox/port.ts';
import { stepRecord } from '../../host/sandbox/step_record.ts';
import { bundleHandler } from '../../host/toolchain/bundle.ts';
import { packagePath } from '../../host/toolchain/package_path.ts';
import { quantile } from '../report.ts';
import { latencies } from '../workload.ts';
import { type Lab, MEMORY_BYTES_MAX } from './lab.ts';
import { LARGE_RECORDS, type Payload, payloads, SMALL_RECORDS } from './payloads.ts';

const MB = 1024 * 1024;
const RUNS = 30;
const RUNS_BEFORE = 5;

/** A handler of the catalog over one payload: in this process, and sandboxed. */
export interface HandlerMeasure {
  readonly name: string;
  readonly records: number;
  readonly input_kb: number;
  readonly native_ms_p50: number;
  readonly native_ms_p95: number;
  readonly seen_ms_p50: number;
  readonly seen_ms_p95: number;
  readonly instantiate_ms_p50: number;
  readonly run_ms_p50: number;
  /** Linear memory at its largest. */
  readonly memory_mb: number;
}

/** Every handler of the catalog with a small and a large payload; the world's answers are canned. */
export async function measureCatalog(lab: Lab): Promise<HandlerMeasure[]> {
  const names = Object.keys(payloads(1));
  const executor = lab.openExecutor(1, names);
  const measured: HandlerMeasure[] = [];
  try {
    for (const name of names) {
      const script = await nativeScript(name);
      for (const records of [SMALL_RECORDS, LARGE_RECORDS]) {
        const payload = payloads(records)[name]!;
        const native = await nativeLatencies(name, script, payload);
        const runs: { seen: number[]; instantiate: number[]; run: number[]; memory_mb: number } = {
          seen: [],
          instantiate: [],
          run: [],
          memory_mb: 0,
        };
        for (let i = 0; i < RUNS_BEFORE + RUNS; i++) {
          const run = runOf(lab.digests.get(name)!, payload);
          const started = performance.now();
          const end = await executor.run(run);
          const seen_ms = performance.now() - started;
          if (end.kind === 'failure') throw new Error(`${name}: ${end.failure.code} ${end.failure.message}`);
          if (i < RUNS_BEFORE) continue;
          runs.seen.push(seen_ms);
          runs.instantiate.push(end.measure.instantiate_ms);
          runs.run.push(end.measure.run_ms);
          runs.memory_mb = Math.max(runs.memory_mb, end.measure.memory_bytes / MB);
        }
        measured.push({
          name,
          records,
          input_kb: JSON.stringify([payload.config, payload.inputs, payload.world]).length / 1024,
          native_ms_p50: quantile(native, 0.5),
          native_ms_p95: quantile(native, 0.95),
          seen_ms_p50: share(runs.seen, 0.5),
          seen_ms_p95: share(runs.seen, 0.95),
          instantiate_ms_p50: share(runs.instantiate, 0.5),
          run_ms_p50: share(runs.run, 0.5),
          memory_mb: runs.memory_mb,
        });
      }
    }
  } finally {
    await executor.close();
  }
  return measured;
}

/** The bundle that its component is made of, for Node. */
async function nativeScript(name: string): Promise<string> {
  const { code } = await bundleHandler(packagePath(`handlers/${name}/handler.ts`));
  return (await transform(code, { format: 'cjs' })).code;
}

/** Of calls of one handler that stays loaded. */
async function nativeLatencies(name: string, script: string, payload: Payload): Promise<number[]> {
  let host = cannedHost(payload.world);
  const handler: ScriptHandler = evaluateScript(
    script,
    hostImports((fn, args) => host.call(fn, args)),
  );
  const step = stepRecord(runOf(name, payload));
  const call = async () => {
    host = cannedHost(payload.world);
    handler.run(step);
  };
  await latencies(RUNS_BEFORE, call);
  return latencies(RUNS, call);
}

function runOf(digest: string, { config, inputs, world }: Payload): StepRun {
  const canned = cannedHost(world);
  const limits = { memory_bytes_max: MEMORY_BYTES_MAX, output_bytes_max: 16 * MB, io_bytes_max: 16 * MB };
  return stepRun(digest, config, {
    inputs,
    limits,
    host: hostFunctions(async (name, args) => canned.call(name, args)),
  });
}

function share(values: readonly number[], part: number): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    part,
  );
}
