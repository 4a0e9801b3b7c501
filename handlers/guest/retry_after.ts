const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The three forms of HTTP-date (RFC 9110 section 5.6.7), each with the same named parts. */
const DATE_FORMS = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]+day, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) (?<year>\d{4})$/,
];

/**
 * How long a `Retry-After` field (RFC 9110 section 10.2.3) asks to wait, in milliseconds from now.
 *
 * @param now reads the clock; called for a date only
 * @returns 0 for a date that has passed, undefined for a field that is neither seconds nor a date
 */
export function retryAfterMs(field: string, now: () => number): number | undefined {
  const text = field.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = parseHttpDate(text, now);
  return date === undefined ? undefined : Math.max(date - now(), 0);
}

function parseHttpDate(text: string, now: () => number): number | undefined {
  for (const form of DATE_FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const { day, month, year, h, m, s } = parts as Record<'day' | 'month' | 'year' | 'h' | 'm' | 's', string>;
    const index = MONTHS.indexOf(month);
    if (index < 0) return undefined;
    const at = (fullYear: number) => Date.UTC(fullYear, index, Number(day), Number(h), Number(m), Number(s));
    if (year.length === 4) return at(Number(year));
    // RFC 9110: a two-digit year that seems more than 50 years ahead is one of the past.
    const thisYear = new Date(now()).getUTCFullYear();
    const candidate = thisYear - (thisYear % 100) + Number(year);
    return at(candidate > thisYear + 50 ? candidate - 100 : candidate);
  }
  return undefined;
}
