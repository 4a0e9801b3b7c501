/** One server-sent event. */
export interface ServerSentEvent {
  /** `message` when the stream names none. */
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Parses a stream of server-sent events (WHATWG HTML §9.2.6), as far as Weft's API writes them: lines end in LF. */
export async function* parseServerSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = frames.pop()!;
    for (const frame of frames) {
      const parsed = parseFrame(frame);
      if (parsed !== undefined) yield parsed;
    }
  }
}

function parseFrame(frame: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of frame.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined)
      fields.set(name, [fields.get(name), value!].filter((part) => part !== undefined).join('\n'));
  }
  const data = fields.get('data');
  return data === undefined ? undefined : { event: fields.get('event') ?? 'message', id: fields.get('id'), data };
}
