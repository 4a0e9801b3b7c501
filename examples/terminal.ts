import { styleText } from 'node:util';
import { painter } from '../host/cli/io.ts';
import { Timeline } from '../host/cli/timeline.ts';
import type { Stage } from './example.ts';

const { stdout } = process;

/** Writes lines to the terminal, and the events of each task as a timeline. */
export function terminal(): Stage {
  let timeline = new Timeline(painter(stdout));
  return {
    say: (line) => void stdout.write(`${line}\n`),
    show(event) {
      if (event.kind === 'task_created') timeline = new Timeline(painter(stdout));
      const line = timeline.line(event);
      if (line !== undefined) stdout.write(`${line}\n`);
    },
  };
}

/** Writes a line that stands out. */
export function title(line: string): void {
  stdout.write(`\n${styleText('bold', line)}\n\n`);
}
