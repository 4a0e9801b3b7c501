import { parseArgs } from 'node:util';
import { WeftError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
import type { Command, OptionSpec, OptionSpecs } from './command.ts';

/** What a command line asks for. */
export type Asked =
  | { readonly kind: 'version' }
  /** Help for a command, for a group as `task`, or for everything (``). */
  | { readonly kind: 'help'; readonly topic: string }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly args: readonly (string | undefined)[];
      readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
    };

/**
 * Reads a command line (without node and script).
 * @throws usage_invalid with the nearest name when there is one
 */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Asked {
  if (argv[0] === '--version' || argv[0] === '-v') return { kind: 'version' };
  const firstOption = argv.findIndex((word) => word.startsWith('-'));
  const words = firstOption === -1 ? argv : argv.slice(0, firstOption);
  if (words[0] === 'help') return { kind: 'help', topic: topicOf(words.slice(1), commands) };
  const command = commandIn(words, commands);
  if (argv.includes('--help') || argv.includes('-h') || argv.length === 0) {
    return { kind: 'help', topic: command?.name ?? topicOf(words, commands) };
  }
  if (command === undefined) throw unknownCommand(words, commands);
  return { kind: 'command', command, ...readWords(command, argv.slice(command.name.split(' ').length)) };
}

function commandIn(words: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands.find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
}

function topicOf(words: readonly string[], commands: readonly Command[]): string {
  const topic = words.join(' ');
  if (topic === '' || commands.some(({ name }) => `${name} `.startsWith(`${topic} `))) return topic;
  throw unknownCommand(words, commands);
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): WeftError {
  const names = commands.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${words[0]} `));
  if (group.length > 0) {
    const typed = words.slice(0, 2).join(' ');
    const verbs = group.map((name) => name.slice(name.indexOf(' ') + 1)).join(', ');
    return usage(`"${typed}" is no command; "${words[0]}" has ${verbs}`, didYouMean(typed, group));
  }
  const firsts = new Set([...names.map((name) => name.split(' ')[0]!), 'help']);
  const typed = words[0] ?? '';
  if (typed === '') return usage('a command is missing; `weft help` lists them');
  return usage(`"${typed}" is no command; \`weft help\` lists them`, didYouMean(typed, firsts));
}

function readWords({ name, arguments: specs, options }: Command, words: readonly string[]) {
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options: parserOptions(options),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const values: Record<string, string | boolean | string[] | undefined> = {};
  for (const [option, spec] of Object.entries(options)) values[option] = initialValue(spec);
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(options, token.name) ? options[token.name]! : undefined;
    if (spec === undefined) throw unknownOption(name, token.rawName, options);
    const value = readValue(token.rawName, spec, token);
    if (spec.multiple === true) (values[token.name] as string[]).push(value as string);
    else values[token.name] = value;
  }
  const missing = specs.slice(positionals.length).find((spec) => spec.optional !== true);
  if (missing !== undefined) throw usage(`\`weft ${name}\` needs ${missing.name}: ${missing.doc}`);
  const extra = positionals[specs.length];
  if (extra !== undefined) throw usage(`\`weft ${name}\` has no use for "${extra}"`);
  for (const [index, given] of positionals.entries()) checkChoice(specs[index]!.name, given, specs[index]!.choices);
  return { args: specs.map((_, index) => positionals[index]), options: values };
}

function initialValue({ value, multiple }: OptionSpec): string[] | undefined | false {
  return multiple === true ? [] : value === undefined ? false : undefined;
}

function parserOptions(specs: OptionSpecs) {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { value, short, multiple = false }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
}

function readValue(
  rawName: string,
  { value: valueName, choices }: OptionSpec,
  { value, inlineValue }: { readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): string | boolean {
  if (valueName === undefined) {
    if (value !== undefined) throw usage(`${rawName} takes no value`);
    return true;
  }
  const looksLikeOption = inlineValue !== true && value !== undefined && /^-[^\d]/.test(value);
  if (value === undefined || looksLikeOption) throw usage(`${rawName} needs a value: ${rawName} ${valueName}`);
  checkChoice(rawName, value, choices);
  return value;
}

function checkChoice(what: string, value: string, choices: readonly string[] | undefined): void {
  if (choices === undefined || choices.includes(value)) return;
  throw usage(`${what} cannot be "${value}"; it is one of ${choices.join(', ')}`, didYouMean(value, choices));
}

function unknownOption(command: string, rawName: string, options: OptionSpecs): WeftError {
  const names = Object.keys(options).map((name) => `--${name}`);
  return usage(`\`weft ${command}\` has no option ${rawName}`, didYouMean(rawName, [...names, '--help']));
}

/** The error of a command line that was not understood. */
export function usage(problem: string, suggestion?: string): WeftError {
  return new WeftError('usage_invalid', { problem: suggestion === undefined ? problem : `${problem}; ${suggestion}` });
}
