import type { Io } from './io.ts';
import { main } from './main.ts';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** One press of Ctrl-C may arrive twice: from the terminal, and passed on by the launcher. */
const SAME_SIGNAL_MS = 250;

let interruption: AbortController | undefined;

/** From now on the first signal asks to stop; a second one ends the process at once. */
function catchSignals(): AbortController {
  const controller = new AbortController();
  let first = 0;
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (!controller.signal.aborted) first = performance.now();
      else if (performance.now() - first > SAME_SIGNAL_MS) process.exit(128 + number);
      controller.abort();
    });
  }
  return controller;
}

// The launcher died without a chance to say why.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Waiting for that keeps nobody alive.
process.channel?.unref();

const { stdin, stdout, stderr, env } = process;

// Nobody reads the output any more, as in `weft task list | head`: there is nothing left to do.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  stderr.write(`weft: cannot write to stdout: ${error.message}\n`);
  process.exit(1);
});
// What is only said to people may go unheard.
stderr.on('error', () => undefined);

const io: Io = {
  stdin,
  stdout,
  stderr,
  env,
  get interrupted() {
    interruption ??= catchSignals();
    return interruption.signal;
  },
};
process.exitCode = await main(process.argv.slice(2), io);
