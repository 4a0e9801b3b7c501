import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `R`, `S`, `Z`, … */
  readonly state: string;
  /** In ticks since the start of the machine: with the pid it names one process for good. */
  readonly started: number;
  /** Its title, or its arguments with NULs between them. */
  readonly command: string;
}

/** Whether this system has the /proc that the rest of this file reads. */
export const HAS_PROC = process.platform === 'linux';

/** One process; undefined when it is gone. */
export function processOf(pid: number): Process | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold any character, these included.
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    return {
      pid,
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      state: fields[0]!,
      parent: Number(fields[1]),
      started: Number(fields[19]),
    };
  } catch {
    return undefined;
  }
}

/** Children of a process and theirs. */
export function descendants(pid: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const found: Process[] = [];
  for (let parents = new Set([pid]); parents.size > 0; ) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Open file descriptors of a process; 0 when it is gone. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
