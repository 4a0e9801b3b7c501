import type { Command, OptionSpec } from '../command.ts';

/** What a word on the command line can be completed to. */
export type Completion =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  /** Only whoever types knows. */
  | { readonly kind: 'nothing' };

/** A first word, with what may follow it when it is a group as `task`. */
export interface FirstWord {
  readonly word: string;
  readonly summary: string;
  readonly verbs: readonly { readonly word: string; readonly summary: string }[];
}

/** The first words of all commands, in the table's order, and `help`. */
export function firstWords(commands: readonly Command[]): readonly FirstWord[] {
  const found = new Map<string, { word: string; summary: string; verbs: { word: string; summary: string }[] }>();
  for (const { name, summary } of commands) {
    const [word = '', verb] = name.split(' ');
    const first = found.get(word) ?? {
      word,
      summary: verb === undefined ? summary : `The ${word} commands.`,
      verbs: [],
    };
    if (verb !== undefined) first.verbs.push({ word: verb, summary });
    found.set(word, first);
  }
  return [...found.values(), { word: 'help', summary: 'Show a command with examples.', verbs: [] }];
}

const FILES = /^(?:FILE|DIR|TEMPLATE)/;

/** What an option's value can be; undefined for a switch. */
export function optionValue({ value, choices }: OptionSpec): Completion | undefined {
  if (value === undefined) return undefined;
  if (choices !== undefined) return { kind: 'words', words: choices };
  return FILES.test(value) ? { kind: 'files' } : { kind: 'nothing' };
}

/** What the arguments of a command can be. */
export function argumentValue({ arguments: args }: Command): Completion {
  const choices = args.flatMap(({ choices = [] }) => choices);
  if (choices.length > 0) return { kind: 'words', words: choices };
  return args.some(({ name }) => FILES.test(name)) ? { kind: 'files' } : { kind: 'nothing' };
}

/** The options of a command as they are typed: `--output`, `-o`. */
export function optionWords(command: Command): readonly string[] {
  const own = Object.entries(command.options).flatMap(([name, spec]) => spellings(name, spec));
  return [...own, '--help'];
}

/** How an option may be written. */
export function spellings(name: string, { short }: OptionSpec): readonly string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}
