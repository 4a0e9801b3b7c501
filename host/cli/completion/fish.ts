import type { Command } from '../command.ts';
import { argumentValue, firstWords, optionValue } from './model.ts';

/** Completion for fish, to be sourced; from the command table. */
export function fishCompletion(commands: readonly Command[]): string {
  const firsts = firstWords(commands).flatMap(({ word, summary, verbs }) => [
    line('__fish_use_subcommand', '-a', word, summary),
    ...verbs.map((verb) => line(`__weft_at ${word}`, '-a', verb.word, verb.summary)),
  ]);
  return `# fish completion for weft; load it with: weft completion fish | source
function __weft_at --description 'Whether exactly these words were typed so far'
    test (string join ' ' -- (commandline -opc)[2..]) = "$argv"
end
function __weft_in --description 'Whether the command is this one'
    string match -q -- "$argv *" (string join ' ' -- (commandline -opc)[2..])" "
end
complete -c weft -f
${[...firsts, ...commands.flatMap(ofCommand)].join('\n')}
`;
}

function ofCommand(command: Command): readonly string[] {
  const where = `__weft_in ${command.name}`;
  const options = Object.entries(command.options).map(([name, spec]) => {
    const value = optionValue(spec);
    const takes =
      value === undefined
        ? []
        : value.kind === 'files'
          ? ['-rF']
          : value.kind === 'words'
            ? ['-xa', quoted(value.words.join(' '))]
            : ['-x'];
    const short = spec.short === undefined ? [] : ['-s', spec.short];
    return ['complete -c weft -n', quoted(where), ...short, '-l', name, ...takes, '-d', quoted(spec.doc)].join(' ');
  });
  const value = argumentValue(command);
  if (value.kind === 'files') options.push(`complete -c weft -n ${quoted(where)} -F`);
  if (value.kind === 'words') options.push(`complete -c weft -n ${quoted(where)} -a ${quoted(value.words.join(' '))}`);
  return options;
}

function line(where: string, flag: string, word: string, doc: string): string {
  return `complete -c weft -n ${quoted(where)} ${flag} ${word} -d ${quoted(doc)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
