import type { Command, OptionSpec } from '../command.ts';
import { argumentValue, type Completion, firstWords, optionValue } from './model.ts';

/** Completion for zsh, to be sourced or put into `fpath` as `_weft`; from the command table. */
export function zshCompletion(commands: readonly Command[]): string {
  const firsts = firstWords(commands);
  const groups = firsts.filter(({ verbs }) => verbs.length > 0);
  return `#compdef weft
# zsh completion for weft; load it with: source <(weft completion zsh), after compinit
_weft() {
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${firsts.map(described).join(' ')})
    _describe 'command' choices
    return
  fi
  case "$words[2]" in
${groups.map(({ word, verbs }) => groupCase(word, verbs)).join('\n')}
    *) local command="$words[2]"; shift words; (( CURRENT -= 1 )) ;;
  esac
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _weft ]]; then _weft "$@"; else compdef _weft weft; fi
`;
}

function groupCase(word: string, verbs: readonly { readonly word: string; readonly summary: string }[]): string {
  return `    ${word})
      if (( CURRENT == 3 )); then
        choices=(${verbs.map(described).join(' ')})
        _describe 'command' choices
        return
      fi
      local command="$words[2] $words[3]"; shift 2 words; (( CURRENT -= 2 )) ;;`;
}

function commandCase(command: Command): string {
  const options = Object.entries(command.options).map(([name, spec]) => quoted(optionSpec(name, spec)));
  const rest = quoted(`*:argument:${action(argumentValue(command))}`);
  return `    '${command.name}') _arguments ${[...options, quoted('--help[Show this command.]'), rest].join(' ')} ;;`;
}

function optionSpec(name: string, spec: OptionSpec): string {
  const value = optionValue(spec);
  const takes = value === undefined ? '' : `:${spec.value!.replaceAll(':', ' ')}:${action(value)}`;
  return `${spec.multiple === true ? '*' : ''}--${name}[${bracketed(spec.doc)}]${takes}`;
}

function action(value: Completion): string {
  if (value.kind === 'files') return '_files';
  return value.kind === 'words' ? `(${value.words.join(' ')})` : ' ';
}

function described({ word, summary }: { readonly word: string; readonly summary: string }): string {
  return quoted(`${word}:${summary}`);
}

function bracketed(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
