/** One line of a chart: what it is called, and its marks on the scale, ascending. */
export interface Bar {
  readonly name: string;
  /** The bar ends here; the others are ticks. */
  readonly value: number;
  readonly ticks: readonly { readonly name: string; readonly value: number }[];
}

export interface BarChart {
  readonly title: string;
  /** Where and when it was measured, and what the marks are. */
  readonly subtitle: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 960;
const NAMES_WIDTH = 340;
const VALUES_WIDTH = 170;
const ROW_HEIGHT = 34;
const BAR_HEIGHT = 16;
const TOP = 92;
const BOTTOM = 46;
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';

/**
 * A chart with a horizontal bar for each line, on a logarithmic scale: what is compared differs by orders of magnitude.
 * @returns SVG, readable without a style sheet, on a background of its own
 */
export function renderBarChart({ title, subtitle, unit, bars }: BarChart): string {
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const values = bars.flatMap(({ value, ticks }) => [value, ...ticks.map((tick) => tick.value)]);
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.ceil(Math.log10(Math.max(...values)));
  const right = WIDTH - VALUES_WIDTH;
  const x = (value: number) =>
    NAMES_WIDTH + ((Math.log10(value) - lowest) / (highest - lowest)) * (right - NAMES_WIDTH);
  const powers = Array.from({ length: highest - lowest + 1 }, (_, index) => 10 ** (lowest + index));
  const bottom = TOP + bars.length * ROW_HEIGHT;
  const parts = [
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(24, 34, title, { size: 19, weight: 600 }),
    text(24, 57, subtitle, { size: 13, fill: '#57606a' }),
    ...powers.flatMap((power) => [
      `<line x1="${at(x(power))}" y1="${TOP - 10}" x2="${at(x(power))}" y2="${bottom}" stroke="#d8dee4"/>`,
      text(x(power), bottom + 20, `${label(power)} ${unit}`, { size: 12, fill: '#57606a', anchor: 'middle' }),
    ]),
    ...bars.flatMap((bar, index) => renderBar(bar, TOP + index * ROW_HEIGHT, x, right)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${FONT}>\n${parts.join('\n')}\n</svg>\n`;
}

function renderBar({ name, value, ticks }: Bar, top: number, x: (value: number) => number, right: number): string[] {
  const middle = top + ROW_HEIGHT / 2;
  const last = Math.max(value, ...ticks.map((tick) => tick.value));
  const y = middle - BAR_HEIGHT / 2;
  const numbers = [value, ...ticks.map((tick) => tick.value)].map(label).join(' · ');
  return [
    text(NAMES_WIDTH - 14, middle + 4, name, { size: 13, anchor: 'end' }),
    `<rect x="${NAMES_WIDTH}" y="${y}" width="${at(x(value) - NAMES_WIDTH)}" height="${BAR_HEIGHT}" fill="#2f6fb2"/>`,
    `<line x1="${at(x(value))}" y1="${middle}" x2="${at(x(last))}" y2="${middle}" stroke="#2f6fb2" stroke-width="2"/>`,
    ...ticks.map(
      (tick) =>
        `<line x1="${at(x(tick.value))}" y1="${y + 2}" x2="${at(x(tick.value))}" y2="${y + BAR_HEIGHT - 2}" stroke="#2f6fb2" stroke-width="2"><title>${escaped(`${tick.name} ${tick.value}`)}</title></line>`,
    ),
    text(right + 12, middle + 4, numbers, { size: 13, fill: '#24292f' }),
  ];
}

interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

function text(x: number, y: number, content: string, style: TextStyle): string {
  const { size, weight = 400, fill = '#24292f', anchor = 'start' } = style;
  return `<text x="${at(x)}" y="${at(y)}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** Two digits that count. */
function label(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 2 });
}

function at(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
