import Anthropic from '@anthropic-ai/sdk';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { assert, suite } from '../suite.ts';
import type { Reply } from './reply.ts';
import { type ModelServer, startModelServer } from './server.ts';

const test = suite('stand-in model server');

const CALLS: Reply = {
  kind: 'tool_calls',
  text: 'I shall call two tools, in several pieces each.',
  calls: [
    { name: 'first', input: { text: 'ü🦉 '.repeat(20), list: [1, null] } },
    { name: 'second', input: {} },
  ],
};
const REPLIES: readonly Reply[] = [
  CALLS,
  { kind: 'text', text: 'Just prose' },
  { kind: 'refusal', text: 'No.' },
  { kind: 'truncated', text: 'This is' },
];

async function withServer(replies: readonly Reply[], run: (server: ModelServer) => Promise<void>): Promise<void> {
  const server = await startModelServer(replies);
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

const clientOf = (server: ModelServer): Anthropic =>
  new Anthropic({ baseURL: server.url, apiKey: 'a key', maxRetries: 0, logLevel: 'off' });
const ASK = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Hello' }] };

test('a stream says what an answer in one piece says, to the SDK of Anthropic', () =>
  withServer(
    REPLIES.flatMap((reply) => [reply, reply]),
    async (server) => {
      const client = clientOf(server);
      for (const { kind } of REPLIES) {
        const whole = await client.messages.create(ASK);
        const streamed = await client.messages.stream(ASK).finalMessage();
        const said = ({ content, stop_reason, usage }: Anthropic.Message): Json =>
          JSON.parse(
            JSON.stringify({
              stop_reason,
              output_tokens: usage.output_tokens,
              content: content.map((block) =>
                block.type === 'text' ? block.text : block.type === 'tool_use' ? [block.name, block.input] : block.type,
              ),
            }),
          );
        assert.equal(said(streamed), said(whole), kind);
      }
    },
  ));

test('a stream of chat completions says what an answer in one piece says', () =>
  withServer(
    REPLIES.flatMap((reply) => [reply, reply]),
    async (server) => {
      const ask = async (stream: boolean) => {
        const body = JSON.stringify({ ...ASK, stream });
        return (await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body })).text();
      };
      for (const { kind } of REPLIES) {
        const { choices } = JSON.parse(await ask(false)) as {
          choices: [{ message: JsonObject; finish_reason: string }];
        };
        const { message, finish_reason } = choices[0];
        const events = (await ask(true)).split('\n\n').flatMap((line) => {
          const data = line.replace(/^data: /, '');
          return data === '' || data === '[DONE]' ? [] : [JSON.parse(data) as { choices: Choice[]; usage?: Json }];
        });
        const deltas = events.flatMap(({ choices }) => choices);
        const joined = (pick: (choice: Choice) => string | undefined) =>
          deltas.map((each) => pick(each) ?? '').join('');
        assert.is(
          joined(({ delta }) => delta.content),
          message['content'] ?? '',
          kind,
        );
        assert.is(
          joined(({ delta }) => delta.refusal),
          message['refusal'] ?? '',
          kind,
        );
        assert.is(deltas.at(-1)!.finish_reason, finish_reason, kind);
        const calls = (message['tool_calls'] ?? []) as readonly { function: { arguments: string } }[];
        for (const [
          index,
          {
            function: { arguments: text },
          },
        ] of calls.entries()) {
          const own = joined(({ delta }) => delta.tool_calls?.find((call) => call.index === index)?.function.arguments);
          assert.is(own, text);
        }
        assert.ok(events.at(-1)!.usage);
      }
    },
  ));

interface Choice {
  readonly finish_reason: string | null;
  readonly delta: {
    readonly content?: string;
    readonly refusal?: string;
    readonly tool_calls?: readonly { readonly index: number; readonly function: { readonly arguments: string } }[];
  };
}

test('refuses requests that the real ones refuse', () =>
  withServer([], async (server) => {
    const client = clientOf(server);
    const use = { type: 'tool_use' as const, id: 'a', name: 'first', input: {} };
    const messages: Anthropic.MessageParam[] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: [use] },
      { role: 'user', content: 'And?' },
    ];
    const refused: readonly (readonly [Partial<Anthropic.MessageCreateParamsNonStreaming>, string])[] = [
      [{ messages }, 'tool_use ids without tool_result'],
      [{ max_tokens: 0 }, 'max_tokens'],
      [{ messages: [ASK.messages[0]!, ASK.messages[0]!] }, 'roles must alternate'],
    ];
    for (const [wrong, expected] of refused) {
      await client.messages.create({ ...ASK, ...wrong }).then(
        () => assert.unreachable(),
        (error: InstanceType<typeof Anthropic.APIError>) => {
          assert.is(error.status, 400);
          assert.match(error.message, expected);
        },
      );
    }
    assert.is(server.calls.length, 3);
  }));

test('has nothing to say beyond its script', () =>
  withServer([{ kind: 'text', text: 'Once' }], async (server) => {
    const client = clientOf(server);
    await client.messages.create(ASK);
    await client.messages.create(ASK).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'the script has no reply'),
    );
    server.say({ kind: 'text', text: 'Twice' });
    assert.is((await client.messages.create(ASK)).stop_reason, 'end_turn');
  }));
