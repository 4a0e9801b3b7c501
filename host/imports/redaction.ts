/** A secret with every spelling of it that redaction looks for. */
export interface Redactable {
  readonly name: string;
  readonly needles: readonly Buffer[];
}

/** Takes secrets out of what a guest, a log or a result would see. */
export interface Redactor {
  text(text: string): string;
  bytes(bytes: Buffer): Buffer;
}

/**
 * Spells a secret out: literal, escaped for JSON, encoded for URLs or forms, two of these on top of each other, and in
 * hex, base64 or base64url of it at any alignment (as `user:secret` is in Basic credentials). What a server does to a
 * value beyond that is not undone.
 *
 * @param value at least 8 bytes.
 */
export function redactable(name: string, value: string): Redactable {
  return { name, needles: spellings(value).map((text) => Buffer.from(text)) };
}

/** A redactor that replaces every spelling of the secrets by `[redacted NAME]`. */
export function createRedactor(secrets: readonly Redactable[]): Redactor {
  const needles = secrets
    .flatMap(({ name, needles }) => needles.map((needle) => ({ name, needle })))
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

// A text encoding on a text encoding, as JSON in a query, or a binary one on top. Most secrets are letters and digits,
// which text encodings leave alone: the set then has a dozen members.
function spellings(value: string): string[] {
  const once = textEncodings(value);
  const twice = once.flatMap(textEncodings);
  const binary = once.flatMap((text) => {
    const hex = Buffer.from(text).toString('hex');
    const base64 = [0, 1, 2].map((offset) => base64Core(text, offset));
    const base64url = base64.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'));
    return [hex, hex.toUpperCase(), ...base64, ...base64url];
  });
  return [...new Set([...once, ...twice, ...binary])];
}

// Literal, JSON string, URI component, form field, URL query; percent triplets in either case.
function textEncodings(text: string): string[] {
  const percent = [
    encodeURIComponent(text),
    new URLSearchParams([['', text]]).toString().slice(1),
    new URL(`http://host/?${text.replaceAll('#', '%23')}`).search.slice(1),
  ];
  const lowered = percent.map((coded) => coded.replace(/%../g, (triplet) => triplet.toLowerCase()));
  // A URL drops line breaks and outer spaces; what is left of such a value may be too short to look for.
  const whole = [...percent, ...lowered].filter((coded) => coded.length >= text.length);
  return [...new Set([text, JSON.stringify(text).slice(1, -1), ...whole])];
}

// The characters of base64 that depend on the value alone when `offset` (mod 3) bytes stand before it.
function base64Core(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const text = bytes.toString('base64').replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  return bytes.length % 3 === 0 ? text.slice(first) : text.slice(first, -1);
}
