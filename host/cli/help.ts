import type { Command, OptionSpec } from './command.ts';
import { EXIT } from './exit.ts';

/** The help of a topic: a command, a group as `task`, or everything (``). */
export function renderHelp(topic: string, commands: readonly Command[]): string {
  const command = commands.find(({ name }) => name === topic);
  return command === undefined ? renderOverview(topic, commands) : renderCommand(command);
}

/** `weft task show TASK [STEP] [options]`. */
export function usageLine({ name, arguments: args, options }: Command): string {
  const words = args.map((arg) => (arg.optional === true ? `[${arg.name}]` : arg.name));
  return ['weft', name, ...words, ...(Object.keys(options).length === 0 ? [] : ['[options]'])].join(' ');
}

/** `-o, --output FORMAT`. */
export function optionUsage(name: string, { short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

/** What an option or argument does, with what it can be. */
export function optionDoc({ doc, choices }: Pick<OptionSpec, 'doc' | 'choices'>): string {
  return choices === undefined ? doc : `${doc} (${choices.join(', ')})`;
}

function renderOverview(topic: string, commands: readonly Command[]): string {
  const shown = topic === '' ? commands : commands.filter(({ name }) => name.startsWith(`${topic} `));
  const intro =
    topic === ''
      ? 'Weft runs durable workflows whose steps are WebAssembly components.'
      : `The \`weft ${topic}\` commands.`;
  return [
    intro,
    '',
    'Commands:',
    ...rows(shown.map(({ name, summary }) => [`weft ${name}`, summary])),
    '',
    '`weft help COMMAND` or `weft COMMAND --help` shows a command with examples; `weft --version` the version.',
    '',
    'Exit codes:',
    ...rows(Object.values(EXIT).map(({ code, meaning }) => [String(code), meaning])),
    '',
  ].join('\n');
}

function renderCommand(command: Command): string {
  const args = command.arguments.map((spec): [string, string] => [spec.name, optionDoc(spec)]);
  const options = Object.entries(command.options).map(([name, spec]): [string, string] => [
    optionUsage(name, spec),
    optionDoc(spec),
  ]);
  return [
    command.summary,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    `Usage: ${usageLine(command)}`,
    ...(args.length === 0 ? [] : ['', 'Arguments:', ...rows(args)]),
    ...(options.length === 0 ? [] : ['', 'Options:', ...rows(options)]),
    '',
    'Examples:',
    ...command.examples.flatMap(({ line, doc }) => [`  # ${doc}`, `  ${line}`]),
    '',
  ].join('\n');
}

function rows(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
