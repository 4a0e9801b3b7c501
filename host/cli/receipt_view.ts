import type { StepReceipt } from '../orchestrator/port.ts';
import { durationText, timeText } from './format.ts';
import { printable } from './io.ts';

/** What the last run of a step cost and did, in lines of name and value; what a receipt does not say is left out. */
export function receiptLines(receipt: StepReceipt): readonly (readonly [string, string])[] {
  const { broker, claimed_at, queue_ms, instantiate_ms, run_ms, memory_bytes } = receipt;
  const times = [timeOf('waited', queue_ms), timeOf('instance', instantiate_ms), timeOf('ran', run_ms)];
  return [
    ['run on', printable(`${broker}, from ${timeText(claimed_at)}${processOf(receipt)}`)],
    ...lineOf('times', times.filter((each) => each !== '').join(', ')),
    ...lineOf('memory', memory_bytes === undefined ? '' : memory_bytes === 0 ? 'unknown' : bytesText(memory_bytes)),
    ...lineOf('host calls', callsOf(receipt)),
    ...(receipt.denied ?? []).map(
      ({ function: name, target, reason }) => ['denied', printable(`${name} ${target}: ${reason}`)] as const,
    ),
    ...(receipt.secret_uses ?? []).map(
      ({ secret, host, position, count }) =>
        ['secret', printable(`${secret} to ${host} in ${position}, ${timesText(count)}`)] as const,
    ),
  ];
}

/** Bytes in a unit that fits: `512 B`, `4.0 KB`, `1.5 MB`. */
function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_024 * 1_024) return `${(bytes / 1_024).toFixed(1)} KB`;
  return `${(bytes / 1_024 / 1_024).toFixed(1)} MB`;
}

function processOf({ cell_pid = 0 }: StepReceipt): string {
  return cell_pid === 0 ? '' : `, process ${cell_pid}`;
}

function timeOf(name: string, ms: number | undefined): string {
  return ms === undefined ? '' : `${name} ${durationText(ms)}`;
}

function callsOf({ host_calls, hosts = [], bytes_in = 0, bytes_out = 0, denials = 0 }: StepReceipt): string {
  if (host_calls === undefined) return '';
  const to = hosts.length === 0 ? '' : ` to ${hosts.map(printable).join(', ')}`;
  const bytes = bytes_in + bytes_out === 0 ? '' : `, ${bytesText(bytes_out)} out, ${bytesText(bytes_in)} in`;
  return `${host_calls}${to}${bytes}${denials === 0 ? '' : `, ${denials} denied`}`;
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function lineOf(name: string, value: string): readonly (readonly [string, string])[] {
  return value === '' ? [] : [[name, value]];
}
