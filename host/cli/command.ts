import type { Io } from './io.ts';

/** A positional argument. */
export interface ArgumentSpec {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly doc: string;
  readonly optional?: boolean;
  readonly choices?: readonly string[];
}

/** An option: a switch when it has no `value`. */
export interface OptionSpec {
  /** What its value is called in help. */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  /** It may be given several times. */
  readonly multiple?: boolean;
  readonly doc: string;
}

/** The options of a command, by name without the dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What the options of a command came to. */
export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends { readonly multiple: true }
    ? readonly string[]
    : O[K] extends { readonly choices: readonly (infer C)[] }
      ? C | undefined
      : O[K] extends { readonly value: string }
        ? string | undefined
        : boolean;
};

/** One invocation of a command. */
export interface Invocation<O extends OptionSpecs> {
  /** As many as the command has arguments; absent optional ones are undefined. */
  readonly args: readonly (string | undefined)[];
  readonly options: OptionValues<O>;
  readonly io: Io;
}

/** A command: what help, documentation and the parser know of it, and what it does. */
export interface Command<O extends OptionSpecs = OptionSpecs> {
  /** As it is typed: `task submit`. */
  readonly name: string;
  readonly summary: string;
  /** More, for its own help. */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: O;
  readonly examples: readonly { readonly line: string; readonly doc: string }[];
  /** Gives the exit code. */
  run(invocation: Invocation<O>): Promise<number>;
}

/** Types a command's options from their specs. */
export function command<const O extends OptionSpecs>(spec: Command<O>): Command {
  return spec as unknown as Command;
}
