/** Something in a JSON text that is wrong, or that `JSON.parse` would let pass without a word. */
export interface JsonProblem {
  /** UTF-16 units from the start. */
  readonly offset: number;
  readonly message: string;
  readonly suggestion?: string;
}

/** Deeper documents are refused before anything recurses into them. */
const DEPTH_MAX = 128;
/** One mistake made everywhere needs no longer list. */
const PROBLEMS_MAX = 20;

/**
 * Checks a text against the JSON grammar (RFC 8259) and finds every key that is twice in an object, every `__proto__`
 * key and every integer that a double cannot hold. Stops at the first error of grammar, and at nesting beyond 128.
 * Time is linear; empty when all is well.
 */
export function scanJson(text: string): readonly JsonProblem[] {
  const scanner = new Scanner(text);
  try {
    scanner.document();
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    scanner.problems.push(error.problem);
  }
  return scanner.problems.slice(0, PROBLEMS_MAX);
}

class GrammarError extends Error {
  readonly problem: JsonProblem;
  constructor(problem: JsonProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const PLAIN = /[^"\\\x00-\x1f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Scanner {
  readonly problems: JsonProblem[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0);
    if (this.#at < this.#text.length) this.#fail('the end of the text');
  }

  #value(depth: number): void {
    this.#take(SPACE);
    if (this.#skip('{')) this.#object(depth + 1);
    else if (this.#skip('[')) this.#array(depth + 1);
    else if (this.#text[this.#at] === '"') this.#string();
    else if (this.#take(WORD) === '') this.#number();
    this.#take(SPACE);
  }

  #object(depth: number): void {
    this.#limit(depth);
    const seen = new Set<string>();
    this.#take(SPACE);
    if (this.#skip('}')) return;
    do {
      this.#take(SPACE);
      this.#key(seen);
      this.#take(SPACE);
      if (!this.#skip(':')) this.#fail('":"');
      this.#value(depth);
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#fail('"," or "}"');
  }

  #array(depth: number): void {
    this.#limit(depth);
    this.#take(SPACE);
    if (this.#skip(']')) return;
    do this.#value(depth);
    while (this.#skip(','));
    if (!this.#skip(']')) this.#fail('"," or "]"');
  }

  #key(seen: Set<string>): void {
    const offset = this.#at;
    if (this.#text[offset] !== '"') this.#fail('a key in double quotes');
    this.#string();
    const key = JSON.parse(this.#text.slice(offset, this.#at)) as string;
    if (key === '__proto__') this.problems.push({ offset, message: 'the key "__proto__" is not accepted' });
    if (seen.has(key)) this.problems.push({ offset, message: `the key ${JSON.stringify(key)} is there twice` });
    seen.add(key);
  }

  #string(): void {
    this.#at += 1;
    for (;;) {
      this.#take(PLAIN);
      if (this.#skip('"')) return;
      if (this.#take(ESCAPE) === '') this.#fail('the rest of a string, with control characters escaped');
    }
  }

  #number(): void {
    const offset = this.#at;
    const source = this.#take(NUMBER);
    if (source === '') this.#fail('a value');
    const value = Number(source);
    const held = /[.eE]/.test(source) ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (held) return;
    const message = `the number ${source.slice(0, 40)} cannot be held exactly`;
    this.problems.push({ offset, message, suggestion: 'write it as a string' });
  }

  #limit(depth: number): void {
    if (depth <= DEPTH_MAX) return;
    throw new GrammarError({ offset: this.#at - 1, message: `nested deeper than ${DEPTH_MAX}` });
  }

  /** Takes what a sticky pattern matches here, perhaps nothing. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [taken = ''] = pattern.exec(this.#text) ?? [];
    this.#at += taken.length;
    return taken;
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(expected: string): never {
    const code = this.#text.codePointAt(this.#at);
    const got = code === undefined ? 'the text ends' : `there is ${JSON.stringify(String.fromCodePoint(code))}`;
    throw new GrammarError({ offset: this.#at, message: `${got} where ${expected} should be` });
  }
}
