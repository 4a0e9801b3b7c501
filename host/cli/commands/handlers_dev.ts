import { once } from 'node:events';
import type { DevRound } from '../../handler_author/dev.ts';
import type { Target } from '../../handler_author/target.ts';
import { countText, DIRECTORY_OPTION, resultLines, sizeText, targetOf } from '../author.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { renderDiagnostics } from '../diagnostic_text.ts';
import { EXIT } from '../exit.ts';
import { durationText } from '../format.ts';
import type { Io } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { usage } from '../parse.ts';

/** Rebuilds a handler on save. */
export const HANDLERS_DEV = command({
  name: 'handlers dev',
  summary: 'Rebuild a handler whenever it is saved, and run its cases in a cell.',
  details:
    'Watches the sources it is made of, its capability and its cases, until Ctrl-C. What does not compile is said at its\n' +
    'line. Types are checked when the project has TypeScript installed. With --once: exit code 10 when it does not\n' +
    'build or has type errors, 1 when a case fails.',
  arguments: [{ name: 'DIR|NAME', doc: 'A handler with its sources.' }],
  options: {
    once: { doc: 'Do it once and end.' },
    ...DIRECTORY_OPTION,
    ...OUTPUT_OPTION,
    ...CONFIG_OPTION,
  },
  examples: [
    { line: 'weft handlers dev hello', doc: 'handlers/hello, until Ctrl-C.' },
    { line: 'weft handlers dev hello --once -o json', doc: 'For a script.' },
  ],
  async run({ args, options, io }) {
    const target = await targetOf(args[0]!, options, io);
    if (target.kind !== 'source') throw usage(`${target.component} is a component; \`handlers dev\` needs its sources`);
    const { openDevSession } = await import('../../handler_author/dev.ts');
    const output = new Output(io, options.output);
    const { interrupted } = io;
    const session = await openDevSession(target);
    try {
      if (!options.once) return await keepRunning(target, session.round, output, io);
      // A round that is interrupted ends with the processes it waits for.
      const round = await Promise.race([session.round(), stopped(interrupted)]);
      if (round === undefined) return EXIT.interrupted.code;
      report(round, output, io);
      return exitOf(round);
    } finally {
      await session.close();
    }
  },
});

async function keepRunning(
  target: Extract<Target, { kind: 'source' }>,
  round: () => Promise<DevRound>,
  output: Output,
  io: Io,
): Promise<number> {
  const { bundleHandler } = await import('../../toolchain/bundle.ts');
  const { watchSources } = await import('../../handler_author/watch_sources.ts');
  const watch = watchSources(target.folder);
  const stop = stopped(io.interrupted);
  try {
    for (;;) {
      const done = await Promise.race([round(), stop]);
      if (done === undefined) return EXIT.ok.code;
      report(done, output, io);
      const { sources } = await bundleHandler(`${target.folder}/handler.ts`).catch(() => ({ sources: [] }));
      watch.follow(sources);
      note(io, 'waiting for a change; Ctrl-C ends it');
      const change = watch.changed().then(() => 'changed' as const);
      if ((await Promise.race([change, stop])) === undefined) return EXIT.ok.code;
    }
  } finally {
    watch.close();
  }
}

async function stopped(interrupted: AbortSignal): Promise<undefined> {
  if (!interrupted.aborted) await once(interrupted, 'abort');
}

function report(round: DevRound, output: Output, io: Io): void {
  if (output.format !== 'table') return output.json(round);
  const { handler, version, diagnostics, types, results, size_bytes, build_ms, load_ms, run_ms, total_ms } = round;
  output.text(renderDiagnostics(diagnostics, output.paint));
  // Of a source that does not compile the bundler has said enough.
  if (diagnostics.length === 0) output.text(renderDiagnostics(types ?? [], output.paint));
  const spent = [
    `built in ${durationText(build_ms)}`,
    `loaded in ${durationText(load_ms)}`,
    `ran in ${durationText(run_ms)}`,
  ].join(', ');
  const head =
    version === null
      ? output.paint('red', 'does not build')
      : `${version}: ${countText(results)}; ${sizeText(size_bytes)}`;
  output.text(`${handler} ${head}${version === null ? '' : `; ${spent}`}; ${durationText(total_ms)} in all\n`);
  output.text(resultLines(results, output.paint, false));
  if (types === null) note(io, 'types are not checked: the project has no "typescript" installed');
}

function exitOf({ diagnostics, types, results }: DevRound): number {
  if (diagnostics.length > 0 || (types ?? []).length > 0) return EXIT.validation.code;
  return results.every(({ passed }) => passed) ? EXIT.ok.code : EXIT.failure.code;
}
