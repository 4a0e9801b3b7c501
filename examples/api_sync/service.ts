import { type Answer, type Asked, nothingAt, type Service, startService } from '../service.ts';
import { limiter } from './limiter.ts';

/** A record of the source, and of the target once it is written there. */
export interface Contact {
  readonly id: string;
  readonly name: string;
}

/** A source and a target with rate limits, and what they have seen. */
export interface SyncService extends Service {
  readonly contacts: readonly Contact[];
  /** How often each record took effect in the target, by its id: once, if keys are what they should be. */
  readonly effects: ReadonlyMap<string, number>;
  /** Writes that came again with a key that had taken effect. */
  readonly repeated: number;
  /** Requests that were refused for coming too fast, and were told when to come again. */
  readonly limited: number;
  /** Requests that came again before the time they were told. */
  readonly violations: number;
  /** What was reported at the end. */
  readonly summaries: readonly unknown[];
}

/** The record that the target cannot write, whatever is tried. */
export const POISON = 'C-023';

const CONTACTS = 40;
const PAGE = 8;
/** Every so many records the target writes, and loses its answer. */
const LOST_EVERY = 9;
const PAUSE_MS = 1_000;

/** Starts the service on loopback; port 0 takes a free one. */
export async function startSyncService(port: number): Promise<SyncService> {
  const contacts = Array.from({ length: CONTACTS }, (_, index) => ({
    id: `C-${String(index + 1).padStart(3, '0')}`,
    name: `Contact ${index + 1}`,
  }));
  const source = limiter({ requests: 3, pause_ms: PAUSE_MS });
  const target = limiter({ requests: 20, pause_ms: PAUSE_MS });
  const written = new Map<string, Contact>();
  const effects = new Map<string, number>();
  const summaries: unknown[] = [];
  let repeated = 0;

  const page = ({ query }: Asked): Answer => {
    const number = Number(query.get('page'));
    const pages = Math.ceil(contacts.length / PAGE);
    return { status: 200, json: { contacts: contacts.slice((number - 1) * PAGE, number * PAGE), pages } };
  };
  const write = ({ headers, text }: Asked): Answer => {
    const contact = JSON.parse(text) as Contact;
    const key = String(headers['idempotency-key']);
    if (contact.id === POISON) return { status: 500, json: { error: `${POISON} is more than this database can bear` } };
    const refusal = target.admit(key);
    if (refusal !== undefined) return refusal;
    if (written.has(key)) {
      repeated++;
      return { status: 200, json: written.get(key) };
    }
    written.set(key, contact);
    effects.set(contact.id, (effects.get(contact.id) ?? 0) + 1);
    if (written.size % LOST_EVERY === 0) return { status: 504, json: { error: 'written, but the answer was lost' } };
    return { status: 201, json: contact };
  };

  const service = await startService(port, (asked) => {
    switch (`${asked.method} ${asked.path}`) {
      case 'GET /source/contacts':
        return source.admit(String(asked.query)) ?? page(asked);
      case 'POST /target/contacts':
        return write(asked);
      case 'POST /summaries':
        summaries.push(JSON.parse(asked.text));
        return { status: 201, json: {} };
      default:
        return nothingAt(asked);
    }
  });
  return {
    ...service,
    contacts,
    effects,
    summaries,
    get repeated() {
      return repeated;
    },
    get limited() {
      return source.limited + target.limited;
    },
    get violations() {
      return source.violations + target.violations;
    },
  };
}

if (import.meta.main) {
  const service = await startSyncService(7436);
  process.stderr.write(`source and target on ${service.url}\n`);
}
