import { readFileSync, statSync } from 'node:fs';
import type { Page, TaskSummary } from '../../host/store/port.ts';
import type { Victim } from '../chaos/victim.ts';
import type { ProbeReading } from './probe.ts';
import { descendants, openFiles, type Process, residentBytes } from './processes.ts';

/** How the process under test was at one moment. Bytes, milliseconds. */
export interface Sample {
  /** Since the start of the soak. */
  readonly at_ms: number;
  readonly rss_bytes: number;
  /** The last that the probe told; undefined before it first did. */
  readonly probe: ProbeReading | undefined;
  readonly cells: number;
  readonly cell_rss_bytes_max: number;
  readonly open_files: number;
  /** Of the store's file and its log. */
  readonly store_bytes: number;
  /** Tasks in the store; at most a page of them. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** What cells are called, see `host/sandbox/cell_flags.ts`. */
const CELL = 'weft-cell';
const PAGE = 500;

/** Takes samples, and remembers every process that the one under test ever started. */
export class Sampler {
  readonly samples: Sample[] = [];
  /** Children that ended and were not waited for, in two samples one after the other. */
  readonly zombies = new Set<number>();
  readonly #victim: Victim;
  readonly #files: { readonly store: string; readonly probe: string };
  readonly #started = performance.now();
  readonly #seen = new Map<number, Process>();
  #ended: ReadonlySet<number> = new Set();

  constructor(victim: Victim, files: { readonly store: string; readonly probe: string }) {
    this.#victim = victim;
    this.#files = files;
  }

  async take(): Promise<Sample> {
    const { pid } = this.#victim;
    const children = descendants(pid);
    this.#remember(children);
    const cells = children.filter(isCell);
    const sample: Sample = {
      at_ms: performance.now() - this.#started,
      rss_bytes: residentBytes(pid),
      probe: this.#probe(),
      cells: cells.length,
      cell_rss_bytes_max: Math.max(0, ...cells.map((cell) => residentBytes(cell.pid))),
      open_files: openFiles(pid),
      store_bytes: sizeOf(this.#files.store) + sizeOf(`${this.#files.store}-wal`),
      tasks: await this.#tasks(),
    };
    this.samples.push(sample);
    return sample;
  }

  /** Cells that are alive now. */
  cells(): Process[] {
    return descendants(this.#victim.pid).filter(isCell);
  }

  /** Every process that was ever seen below the one under test. */
  get seen(): readonly Process[] {
    return [...this.#seen.values()];
  }

  #remember(children: readonly Process[]): void {
    for (const child of children) this.#seen.set(child.pid, child);
    const ended = new Set(children.filter(({ state }) => state === 'Z').map(({ pid }) => pid));
    for (const pid of ended) if (this.#ended.has(pid)) this.zombies.add(pid);
    this.#ended = ended;
  }

  #probe(): ProbeReading | undefined {
    try {
      return JSON.parse(readFileSync(this.#files.probe, 'utf8')) as ProbeReading;
    } catch {
      return undefined;
    }
  }

  async #tasks(): Promise<Record<string, number>> {
    const page = await this.#victim.call<Page<TaskSummary>>('GET', `/v1/tasks?limit=${PAGE}`);
    const counts: Record<string, number> = {};
    for (const { status } of page?.items ?? []) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }
}

function isCell({ command, state }: Process): boolean {
  return command.includes(CELL) && state !== 'Z';
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
