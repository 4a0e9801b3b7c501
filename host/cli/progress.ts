import type { TaskEvent } from '../../kernel/task/events.ts';
import { painter, type Terminal } from './io.ts';
import { Timeline } from './timeline.ts';

const REFRESH_MS = 100;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const CLEAR_LINE = '\r\u001b[2K';

/** Shows a task's timeline as it happens: a line for each event and, on a terminal, a last one that says what goes on. */
export class Progress {
  readonly #stream: Terminal;
  readonly #timeline: Timeline;
  #timer: NodeJS.Timeout | undefined;
  /** How far the clock here is ahead of the events' clock; the least seen is mostly the delay of the way. */
  #skew_ms = Infinity;
  #frame = 0;

  constructor(stream: Terminal) {
    this.#stream = stream;
    this.#timeline = new Timeline(painter(stream));
    if (stream.isTTY === true) this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
  }

  show(event: TaskEvent): void {
    this.#skew_ms = Math.min(this.#skew_ms, Date.now() - event.at);
    const line = this.#timeline.line(event);
    if (line !== undefined) this.say(line);
  }

  /** A line of its own among the events. */
  say(line: string): void {
    this.#stream.write(`${this.#timer === undefined ? '' : CLEAR_LINE}${line}\n`);
  }

  /** Takes the last line away. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stream.write(CLEAR_LINE);
  }

  #refresh(): void {
    if (this.#skew_ms === Infinity) return;
    this.#frame = (this.#frame + 1) % SPINNER.length;
    const status = `${SPINNER[this.#frame]} ${this.#timeline.status(Date.now() - this.#skew_ms)}`;
    this.#stream.write(`${CLEAR_LINE}${status.slice(0, (this.#stream.columns || 80) - 1)}`);
  }
}
