import { readFile } from 'node:fs/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import type { Page, WaitingRow } from '../../host/store/port.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Answer, type Asked, type Service, startService } from '../service.ts';

/** Where Weft is, and the tokens of those who use the desk. */
export interface DeskOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly weft_url: string;
  /** Submits what employees ask for. */
  readonly desk_token: string;
  /** By the name of the person; each answers gates with a token of their own, so that Weft knows who decided. */
  readonly people: Readonly<Record<string, string>>;
}

interface Decision {
  readonly task_id: string;
  readonly step: string;
  readonly person: string;
  readonly decision: 'approve' | 'reject';
  readonly comment?: string;
}

/** What Weft says when it refuses (docs/api.md). */
interface Problem {
  readonly detail?: string;
  readonly diagnostics?: readonly { readonly message: string }[];
}

const TEMPLATE = new URL('template.yaml', import.meta.url);

/** Starts an expense desk on loopback: a web page and a small API in front of the approval workflow. */
export async function startDesk(options: DeskOptions): Promise<Service> {
  const template = await readFile(TEMPLATE, 'utf8');

  const weft = async <T>(token: string, method: string, path: string, body?: unknown, key?: string): Promise<T> => {
    const response = await fetch(`${options.weft_url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & Problem;
    if (!response.ok) throw new Refused(response.status, [answer.detail, ...reasons(answer)].join('; '));
    return answer;
  };
  const pending = (): Promise<Page<WaitingRow>> => weft(options.desk_token, 'GET', '/v1/gates');

  const answer = async (asked: Asked): Promise<Answer> => {
    switch (`${asked.method} ${asked.path}`) {
      case 'GET /': {
        const text = page((await pending()).items, Object.keys(options.people));
        return { status: 200, text, headers: { 'content-type': 'text/html; charset=utf-8' } };
      }
      case 'GET /pending':
        return { status: 200, json: (await pending()).items };
      case 'POST /requests': {
        const body = { template, context: read(asked) };
        const key = asked.headers['idempotency-key'];
        const { task_id, status } = await weft<TaskView>(
          options.desk_token,
          'POST',
          '/v1/tasks',
          body,
          key?.toString(),
        );
        return { status: 201, json: { task_id, status } };
      }
      case 'POST /decisions': {
        const { task_id, step, person, decision, comment } = read(asked) as unknown as Decision;
        const token = Object.hasOwn(options.people, person) ? options.people[person] : undefined;
        if (token === undefined) throw new Refused(403, `nobody here is called ${person}`);
        const data = { decision, ...(comment === undefined ? {} : { comment }) };
        await weft(
          token,
          'POST',
          `/v1/tasks/${encodeURIComponent(task_id)}/steps/${encodeURIComponent(step)}/signals`,
          { data },
        );
        return { status: 200, json: { task_id, step, person, decision } };
      }
      default:
        throw new Refused(404, `there is nothing at ${asked.path}`);
    }
  };

  return startService(options.port, (asked) =>
    answer(asked).catch((error: Error) => ({
      status: error instanceof Refused ? error.status : 500,
      json: { error: error.message },
    })),
  );
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function reasons({ diagnostics = [] }: Problem): string[] {
  return diagnostics.map(({ message }) => message);
}

function page(rows: readonly WaitingRow[], people: readonly string[]): string {
  const choice = people.map((name) => `<option>${escapeHtml(name)}</option>`).join('');
  const items = rows.map(({ task_id, step_name, request }) => {
    const decide = (decision: string): string => `<button name="decision" value="${decision}">${decision}</button>`;
    return `<li><form data-task="${escapeHtml(task_id)}" data-step="${escapeHtml(step_name)}">
<b>${escapeHtml(String(request['title']))}</b> <select name="person">${choice}</select>
<input name="comment" placeholder="comment"> ${decide('approve')} ${decide('reject')}</form></li>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>Expense desk</title>
<h1>Waiting for a decision</h1><ul>${items.join('') || '<li>nothing</li>'}</ul>
<script>
for (const form of document.forms) form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { person, comment } = form.elements;
  const decision = event.submitter.value;
  const body = { task_id: form.dataset.task, step: form.dataset.step, person: person.value, decision, comment: comment.value || undefined };
  const response = await fetch('/decisions', { method: 'POST', body: JSON.stringify(body) });
  if (response.ok) location.reload(); else alert((await response.json()).error);
});
</script>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function read({ text }: Asked): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    throw new Refused(400, 'the body is not JSON');
  }
}

if (import.meta.main) {
  const { PORT = '7432', WEFT_URL = 'http://127.0.0.1:7420', DESK_TOKEN, MARIA_TOKEN, FATIMA_TOKEN } = process.env;
  if (!DESK_TOKEN || !MARIA_TOKEN || !FATIMA_TOKEN) {
    process.stderr.write(
      'set DESK_TOKEN, MARIA_TOKEN and FATIMA_TOKEN as for `weft serve`; see examples/approval/README.md\n',
    );
    process.exit(2);
  }
  const people = { maria: MARIA_TOKEN, fatima: FATIMA_TOKEN };
  const desk = await startDesk({ port: Number(PORT), weft_url: WEFT_URL, desk_token: DESK_TOKEN, people });
  process.stderr.write(`expense desk on ${desk.url}\n`);
}
