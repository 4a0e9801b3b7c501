import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TaskView } from '../../host/orchestrator/port.ts';
import type { Page, WaitingRow } from '../../host/store/port.ts';

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

/** An expense desk: a web page and a small API in front of the approval workflow. */
export interface Desk {
  readonly url: string;
  close(): Promise<void>;
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

/** Starts the desk on loopback. */
export async function startDesk(options: DeskOptions): Promise<Desk> {
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

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://desk');
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        return send(
          response,
          200,
          'text/html; charset=utf-8',
          page((await pending()).items, Object.keys(options.people)),
        );
      case 'GET /pending':
        return sendJson(response, 200, (await pending()).items);
      case 'POST /requests': {
        const context = await read(request);
        const key = request.headers['idempotency-key'];
        const body = { template, context };
        const task = await weft<TaskView>(
          options.desk_token,
          'POST',
          '/v1/tasks',
          body,
          typeof key === 'string' ? key : undefined,
        );
        return sendJson(response, 201, { task_id: task.task_id, status: task.status });
      }
      case 'POST /decisions': {
        const { task_id, step, person, decision, comment } = (await read(request)) as unknown as Decision;
        const token = Object.hasOwn(options.people, person) ? options.people[person] : undefined;
        if (token === undefined) throw new Refused(403, `nobody here is called ${person}`);
        const data = { decision, ...(comment === undefined ? {} : { comment }) };
        await weft(
          token,
          'POST',
          `/v1/tasks/${encodeURIComponent(task_id)}/steps/${encodeURIComponent(step)}/signals`,
          { data },
        );
        return sendJson(response, 200, { task_id, step, person, decision });
      }
      default:
        throw new Refused(404, `there is nothing at ${pathname}`);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) =>
      sendJson(response, error instanceof Refused ? error.status : 500, { error: error.message }),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
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
