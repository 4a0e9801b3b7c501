import type { ProviderSituation } from '../../host/conformance/model_adapter.ts';
import type { Reply } from './reply.ts';

const ADD_1_2 = { name: 'add', input: { a: 1, b: 2 } };
const HELLO: Reply = { kind: 'text', text: 'Hello' };

/** What the server says in each situation of the conformance suite. `key` is what an error repeats. */
export function replyIn(situation: ProviderSituation, key: string): Reply {
  switch (situation) {
    case 'text':
      return HELLO;
    case 'tool_call':
      return { kind: 'tool_calls', calls: [ADD_1_2] };
    case 'parallel_tool_calls':
      return { kind: 'tool_calls', calls: [ADD_1_2, { name: 'add', input: { a: 3, b: 4 } }] };
    case 'max_tokens':
      return { kind: 'truncated', text: 'I shall', call: ADD_1_2 };
    case 'refusal':
      return { kind: 'refusal', text: 'I would rather not.' };
    case 'unauthorized':
      return { kind: 'error', status: 401, message: `invalid x-api-key "${key}"` };
    case 'rate_limited':
      return { kind: 'error', status: 429, message: 'too many requests', retry_after: '7' };
    case 'overloaded':
      return { kind: 'error', status: 529, message: 'Overloaded' };
    case 'server_error':
      return { kind: 'error', status: 500, message: `something broke while we served ${key}` };
    case 'malformed':
      return { kind: 'malformed_body', text: '{"content": [' };
    case 'dropped':
      return { kind: 'dropped', reply: HELLO };
    case 'drip':
      return { kind: 'drip', reply: HELLO, bytes: 1, every_ms: 1_000 };
  }
}
