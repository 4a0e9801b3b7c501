/**
 * Runs every `*.test.ts` (or those whose path contains one of the arguments), each in a process of its own, and ends
 * with one line `N passed, N failed`. A file that runs no test, ends without a report or leaves something running
 * fails: a test that cannot fail is none.
 */
import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { styleText } from 'node:util';
import { SKIPPED } from './suite.ts';

const FOLDERS = ['kernel', 'wit', 'handlers', 'planner-plugins', 'host', 'bench', 'examples', 'testing'];
const FILE_MS_MAX = 300_000;
const AT_ONCE = 2;

interface Ran {
  readonly file: string;
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
  readonly ms: number;
  /** Why the file fails as a whole. */
  readonly problem?: string;
}

const wanted = process.argv.slice(2);
const files = await findTests(wanted);
if (files.length === 0) {
  process.stderr.write(`no test file matches ${wanted.join(', ') || '*.test.ts'}\n`);
  process.exit(2);
}
const results: Ran[] = [];
const queue = files.values();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const file of queue) results.push(report(await run(file)));
  }),
);
process.exitCode = summarize(results);

async function findTests(parts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob(FOLDERS.map((folder) => `${folder}/**/*.test.ts`))) {
    if (!file.includes('node_modules') && (parts.length === 0 || parts.some((part) => file.includes(part))))
      found.push(file);
  }
  return found.sort();
}

function run(file: string): Promise<Ran> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let overdue = false;
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const timeout = setTimeout(() => {
      overdue = true;
      child.kill('SIGKILL');
    }, FILE_MS_MAX);
    child.on('close', (code, signal) => {
      clearTimeout(timeout);
      const total = counted(output, 'Total');
      const passed = counted(output, 'Passed');
      const problem = overdue ? `it still ran after ${FILE_MS_MAX / 1000} s` : problemOf(code, signal, total, passed);
      const failed = Math.max((total ?? 0) - (passed ?? 0), problem === undefined ? 0 : 1);
      const ms = performance.now() - started;
      resolve({ file, output, passed: passed ?? 0, failed, ms, ...(problem === undefined ? {} : { problem }) });
    });
  });
}

function problemOf(code: number | null, signal: string | null, total?: number, passed?: number): string | undefined {
  if (total === undefined) return `it ended without a report (exit ${code ?? signal})`;
  if (total === 0) return 'it ran no test';
  return code !== 0 && passed === total ? `its tests passed and it exited with ${code ?? signal}` : undefined;
}

/** A number of uvu's closing report. */
function counted(output: string, label: string): number | undefined {
  const matches = [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)`, 'gm'))];
  return matches.length === 0 ? undefined : Number(matches.at(-1)![1]);
}

function report(ran: Ran): Ran {
  const mark = ran.failed > 0 ? styleText('red', '✘') : styleText('green', '✔');
  process.stdout.write(`${mark} ${ran.file}  ${ran.passed} passed, ${(ran.ms / 1000).toFixed(1)} s\n`);
  if (ran.failed > 0) process.stdout.write(`${ran.problem === undefined ? '' : `  ${ran.problem}\n`}${ran.output}\n`);
  return ran;
}

function summarize(all: readonly Ran[]): number {
  const sum = (of: (ran: Ran) => number): number => all.reduce((total, ran) => total + of(ran), 0);
  const failed = sum((ran) => ran.failed);
  const skipped = all.flatMap((ran) => ran.output.split('\n').filter((line) => line.startsWith(SKIPPED)));
  for (const line of skipped) process.stdout.write(`${styleText('yellow', line)}\n`);
  for (const ran of all.filter(({ failed }) => failed > 0))
    process.stdout.write(`${styleText('red', 'failed')} ${ran.file}\n`);
  const also = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  process.stdout.write(`${sum((ran) => ran.passed)} passed, ${failed} failed${also}\n`);
  return failed > 0 ? 1 : 0;
}
