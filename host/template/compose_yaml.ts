import { Composer, type CST, isScalar, Lexer, type LineCounter, type ParsedNode, Parser } from 'yaml';
import { TEMPLATE_LIMITS } from '../../kernel/validation/limits.ts';
import type { Complain } from './parse.ts';

/** One mistake can make a parser stumble many times. */
const SYNTAX_ERRORS_MAX = 20;

/**
 * Composes the one YAML document of a text, or undefined when there is none to be trusted. Nesting is watched while
 * the tokens come in, before the composer, which recurses, sees any of them.
 */
export function composeYaml(text: string, lines: LineCounter, complain: Complain): ParsedNode | undefined {
  const depthMax = TEMPLATE_LIMITS.depth_max;
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (isDeeperThan(depthMax, parser.stack)) {
      complain('document_too_deep', parser.offset, {
        pointer: '',
        message: `nested more than ${depthMax} levels deep`,
        expected: depthMax,
      });
      return undefined;
    }
  }
  tokens.push(...parser.end());

  let sound = true;
  for (const token of tokens) {
    if (token.type !== 'directive') continue;
    sound = false;
    complain('directive_forbidden', token.offset, {
      pointer: '',
      message: `the directive ${JSON.stringify(token.source)} is not allowed`,
      suggestion: 'remove it: this is YAML 1.2 without tags',
    });
  }
  // Duplicate keys are found by the reader, in linear time; merge keys and tags are not part of templates.
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, merge: false });
  const documents = withoutStacks(() => [...composer.compose(tokens, true, text.length)]);
  const errors = documents.flatMap((document) => document.errors);
  for (const error of errors.slice(0, SYNTAX_ERRORS_MAX)) {
    complain('syntax_error', error.pos[0], { pointer: '', message: plain(error.message) });
  }
  const [first, second] = documents;
  if (second !== undefined) {
    complain('documents_several', second.range[0], {
      pointer: '',
      message: `the text holds ${documents.length} documents; it must hold one`,
      suggestion: 'put each into a file of its own, and remove "---" and "..."',
    });
  }
  if (!sound || errors.length > 0 || second !== undefined) return undefined;
  const contents = first?.contents ?? undefined;
  if (contents === undefined || (isScalar(contents) && contents.type === 'PLAIN' && contents.source === '')) {
    complain('document_missing', 0, {
      pointer: '',
      message: 'the text is empty; it must hold an object with "steps"',
    });
    return undefined;
  }
  return contents;
}

/** The composer makes an error for each slip: with their stacks, a million of them would take four times as long. */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Whether more collections are open; the document and a scalar are on the parser's stack, too. */
function isDeeperThan(depthMax: number, stack: readonly CST.Token[]): boolean {
  return stack.length > depthMax + 1 && stack.filter(({ type }) => COLLECTIONS.has(type)).length > depthMax;
}

const COLLECTIONS: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection']);

/** The parser's messages are sentences without a stop. */
function plain(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
