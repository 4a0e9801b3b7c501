import { type Asked, nothingAt, type Service, startService } from '../service.ts';

/** An article as the warehouse has it; the dirty ones are what somebody typed. */
export type Article = Readonly<Record<(typeof COLUMNS)[number], string | number>>;

/** A warehouse's export and the desk that takes reports. */
export interface InventoryService extends Service {
  readonly articles: readonly Article[];
  /** What was reported, by idempotency key. */
  readonly reports: ReadonlyMap<string, Report>;
}

/** What the workflow makes of the export. */
export interface Report {
  readonly total: Worth & {
    readonly low_stock: number;
    readonly most_missing: readonly { readonly sku: string; readonly missing: number }[];
    readonly categories: Readonly<Record<string, Worth>>;
  };
  /** Lines are those of the file, from 1. */
  readonly left_out: readonly { readonly line: number; readonly sku: string; readonly reasons: readonly string[] }[];
}

interface Worth {
  readonly articles: number;
  readonly value: number;
}

const COLUMNS = ['sku', 'name', 'category', 'quantity', 'unit_price', 'reorder_level'] as const;
const CATEGORIES = ['yarn', 'loom', 'tool', 'book'];
const ROWS = 1_000;

/** What is wrong, by the number of the row from 0. */
const DIRT: Readonly<Record<number, Partial<Article>>> = {
  17: { quantity: -4 },
  203: { quantity: 'twelve' },
  338: { unit_price: '' },
  512: { category: 'yern' },
  640: { sku: 'S640' },
  871: { quantity: 2.5 },
  999: { reorder_level: 'n/a' },
};

/** The same thousand articles each time, seven of them dirty; names have commas and quotes in them. */
function stock(): Article[] {
  let state = 42;
  const upTo = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
  return Array.from({ length: ROWS }, (_, row) => {
    const category = CATEGORIES[upTo(CATEGORIES.length)]!;
    return {
      sku: `S-${String(row).padStart(4, '0')}`,
      name: row % 10 === 3 ? `${category}, "no. ${row}"` : `${category} ${row}`,
      category,
      quantity: upTo(200),
      unit_price: (upTo(20_000) + 1) / 100,
      reorder_level: 5 + upTo(20),
      ...DIRT[row],
    };
  });
}

/** As RFC 4180 has it. */
function csvOf(articles: readonly Article[]): string {
  const cell = (value: string | number): string => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = articles.map((article) => COLUMNS.map((column) => cell(article[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

/** Starts the service on loopback; port 0 takes a free one. */
export async function startInventoryService(port: number): Promise<InventoryService> {
  const articles = stock();
  const csv = csvOf(articles);
  const reports = new Map<string, Report>();
  const take = ({ headers, text }: Asked) => {
    reports.set(String(headers['idempotency-key']), JSON.parse(text) as Report);
    return { status: 201, json: { reports: reports.size } };
  };
  const service = await startService(port, (asked) => {
    switch (`${asked.method} ${asked.path}`) {
      case 'GET /inventory.csv':
        return { status: 200, text: csv, headers: { 'content-type': 'text/csv; charset=utf-8' } };
      case 'POST /reports':
        return take(asked);
      default:
        return nothingAt(asked);
    }
  });
  return { ...service, articles, reports };
}

if (import.meta.main) {
  const service = await startInventoryService(Number(process.env['PORT'] ?? '7433'));
  process.stderr.write(`inventory service on ${service.url}\n`);
}
