/** A secret as redaction knows it. */
export interface Redactable {
  readonly name: string;
  readonly value: string;
}

/** Takes secrets out of what a guest, a log or a result would see. */
export interface Redactor {
  text(text: string): string;
  bytes(bytes: Buffer): Buffer;
}

/**
 * A redactor that replaces every occurrence of a secret by `[redacted NAME]`: literal, escaped for JSON, encoded for
 * URLs and forms, in hex, and in base64 or base64url at any alignment (as `user:secret` is in Basic credentials).
 * What a server does to a value beyond that is not undone.
 */
export function createRedactor(secrets: readonly Redactable[]): Redactor {
  const needles = secrets
    .flatMap(({ name, value }) => spellings(value).map((needle) => ({ name, needle: Buffer.from(needle) })))
    .sort((a, b) => b.needle.length - a.needle.length);
  const bytes = (input: Buffer): Buffer => {
    let output = input;
    for (const { name, needle } of needles) {
      if (!output.includes(needle)) continue;
      const replaced = output.toString('latin1').replaceAll(needle.toString('latin1'), `[redacted ${name}]`);
      output = Buffer.from(replaced, 'latin1');
    }
    return output;
  };
  const text = (input: string): string => {
    const before = Buffer.from(input);
    const after = bytes(before);
    return after === before ? input : after.toString();
  };
  return { text, bytes };
}

function spellings(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  const encoded = [
    encodeURIComponent(value),
    new URLSearchParams([['', value]]).toString().slice(1),
    new URL(`http://host/?${value.replaceAll('#', '%23')}`).search.slice(1),
  ];
  const lowered = encoded.map((text) => text.replace(/%../g, (triplet) => triplet.toLowerCase()));
  const base64 = [0, 1, 2].map((offset) => base64Core(value, offset));
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const escaped = JSON.stringify(value).slice(1, -1);
  return [...new Set([value, escaped, hex, hex.toUpperCase(), ...encoded, ...lowered, ...base64, ...base64url])];
}

// The characters of base64 that depend on the value alone when `offset` (mod 3) bytes stand before it.
function base64Core(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const text = bytes.toString('base64').replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  return bytes.length % 3 === 0 ? text.slice(first) : text.slice(first, -1);
}
