import type { Command } from '../command.ts';
import { argumentValue, type Completion, firstWords, optionValue, optionWords, spellings } from './model.ts';

/** Completion for bash, to be sourced; from the command table. */
export function bashCompletion(commands: readonly Command[]): string {
  const firsts = firstWords(commands);
  const groups = firsts.filter(({ verbs }) => verbs.length > 0);
  return `# bash completion for weft; load it with: source <(weft completion bash)
_weft() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" words='' command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${firsts.map(({ word }) => word).join(' ')} --version --help' -- "$cur"))
    return
  fi
  case "$command" in
    ${groups.map(({ word }) => word).join('|')}) command="$command \${COMP_WORDS[2]}" ;;
  esac
  if [[ $COMP_CWORD -eq 2 ]]; then
    case "\${COMP_WORDS[1]}" in
${groups.map(({ word, verbs }) => `      ${word}) words='${verbs.map((verb) => verb.word).join(' ')}' ;;`).join('\n')}
      help) words='${firsts.map(({ word }) => word).join(' ')}' ;;
    esac
    if [[ -n $words ]]; then
      COMPREPLY=($(compgen -W "$words" -- "$cur"))
      return
    fi
  fi
  case "$command $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "$command" in
${commands.map((command) => `      '${command.name}') words='${optionWords(command).join(' ')}' ;;`).join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$command" in
${commands.flatMap((command) => reply(`'${command.name}'`, argumentValue(command))).join('\n')}
  esac
}
complete -o filenames -F _weft weft
`;
}

/** The cases in which the word before the cursor takes a value. */
function valueCases({ name, options }: Command): readonly string[] {
  return Object.entries(options).flatMap(([option, spec]) => {
    const value = optionValue(spec);
    const words = spellings(option, spec).map((word) => `'${name} ${word}'`);
    return value === undefined ? [] : (reply(words.join('|'), value)[0] ?? `    ${words.join('|')}) return ;;`);
  });
}

function reply(pattern: string, value: Completion): readonly string[] {
  if (value.kind === 'nothing') return [];
  const offer =
    value.kind === 'files'
      ? `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`
      : `COMPREPLY=($(compgen -W '${value.words.join(' ')}' -- "$cur"))`;
  return [`    ${pattern}) ${offer}; return ;;`];
}
