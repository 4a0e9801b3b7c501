/** A duration in words: `7 ms`, `1.2 s`, `2 min 5 s`, `3 h 2 min`, `2 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return pair(ms, 60_000, 'min', 1_000, 's');
  if (ms < 86_400_000) return pair(ms, 3_600_000, 'h', 60_000, 'min');
  return pair(ms, 86_400_000, 'd', 3_600_000, 'h');
}

function pair(ms: number, unit: number, name: string, part: number, partName: string): string {
  const rest = Math.floor((ms % unit) / part);
  return `${Math.floor(ms / unit)} ${name}${rest === 0 ? '' : ` ${rest} ${partName}`}`;
}

/** A time since a start: `0.236`, `1:02.345`, `1:00:03.000` — seconds to the millisecond. */
export function elapsedText(ms: number): string {
  const seconds = ((ms % 60_000) / 1_000).toFixed(3);
  if (ms < 60_000) return seconds;
  const minutes = Math.floor(ms / 60_000) % 60;
  const padded = seconds.padStart(6, '0');
  if (ms < 3_600_000) return `${minutes}:${padded}`;
  return `${Math.floor(ms / 3_600_000)}:${String(minutes).padStart(2, '0')}:${padded}`;
}

/** A moment to the second, in UTC: `2026-01-31 23:59:59Z`. */
export function timeText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}
