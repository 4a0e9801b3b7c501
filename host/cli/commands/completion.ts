import { command } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT } from '../exit.ts';
import { COMMANDS } from './all.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Prints the completion of a shell. */
export const COMPLETION = command({
  name: 'completion',
  summary: 'Print the completion script of a shell.',
  arguments: [{ name: 'SHELL', doc: 'The shell.', choices: Object.keys(SHELLS) }],
  options: {},
  examples: [
    { line: 'weft completion bash', doc: 'In ~/.bashrc: source <(weft completion bash)' },
    { line: 'weft completion zsh', doc: 'In ~/.zshrc, after compinit: source <(weft completion zsh)' },
    { line: 'weft completion fish', doc: 'In config.fish: weft completion fish | source' },
  ],
  async run({ args, io }) {
    io.stdout.write(SHELLS[args[0] as keyof typeof SHELLS](COMMANDS));
    return EXIT.ok.code;
  },
});
