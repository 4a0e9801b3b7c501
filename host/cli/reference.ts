import { writeFile } from 'node:fs/promises';
import { ERRORS, type ErrorKind } from '../../kernel/errors.ts';
import { packagePath } from '../toolchain/package_path.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands/all.ts';
import { EXIT } from './exit.ts';
import { optionDoc, optionUsage, usageLine } from './help.ts';

const CLI_INTRO = `# The command line

Written from the command table by \`npx node host/cli/reference.ts\`; \`weft help\` says the same.

- **Data goes to stdout, everything else to stderr**: results, lists and \`--help\` can be piped; progress, hints and
  errors never mix with them. Progress is shown on a terminal only.
- **\`-o table|json|jsonl\`** chooses how data is written: a table on a terminal and JSON otherwise, unless said.
  \`NO_COLOR\` switches colours off.
- **Which Weft**: commands talk to the process that owns the data directory, through its private socket, which only you
  can use. \`--url\` and \`WEFT_URL\` name another, with a token (docs/api.md). \`weft run\` and the commands about templates
  and handlers need no running Weft.
- **Errors of a file** are all listed at once, as \`file:line:column: error code: message\`; docs/diagnostics.md has
  their codes, docs/errors.md those of commands. \`WEFT_DEBUG=1\` adds the stack of a defect.
- **Every change is journaled** with who made it and why: \`--reason\`.
`;

/** docs/cli.md, written from the command table. */
export function cliReference(): string {
  const exits = Object.values(EXIT).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  const index = COMMANDS.map((command) => `- [\`weft ${command.name}\`](#${anchor(command)}): ${command.summary}`);
  return [
    CLI_INTRO,
    '## Exit codes\n',
    '| code | meaning |',
    '| --- | --- |',
    ...exits,
    '\n## Commands\n',
    ...index,
    '',
    ...COMMANDS.map(describeCommand),
  ].join('\n');
}

function anchor({ name }: Command): string {
  return `weft-${name.replaceAll(' ', '-')}`;
}

function describeCommand(command: Command): string {
  const { summary, details, options, examples } = command;
  const args = command.arguments.map((spec) => `| \`${spec.name}\` | ${cell(optionDoc(spec))} |`);
  const rows = Object.entries(options).map(
    ([name, spec]) => `| \`${cell(optionUsage(name, spec))}\` | ${cell(optionDoc(spec))} |`,
  );
  return [
    `### weft ${command.name}\n`,
    `${summary}${details === undefined ? '' : `\n\n${details}`}\n`,
    `\`${usageLine(command)}\`\n`,
    ...(args.length + rows.length === 0 ? [] : ['| | |', '| --- | --- |', ...args, ...rows, '']),
    '```sh',
    ...examples.flatMap(({ line, doc }) => [`# ${doc}`, line]),
    '```\n',
  ].join('\n');
}

const KINDS: Readonly<Record<ErrorKind, string>> = {
  reject: "The caller's input is wrong. The same input will be refused again.",
  retry: 'The environment failed. Trying again later may work; over HTTP, `Retry-After` says when.',
  terminal: 'The work itself was refused, or is over.',
  bug: 'A defect in Weft, or damage. Please report it with the log.',
};

const ERRORS_INTRO = `# Errors

Written from the table in kernel/error_table/ by \`npx node host/cli/reference.ts\`. Over HTTP an error is a problem
(RFC 9457) whose \`code\` is one of these and whose \`params\` fill the message; on the command line the message goes to
stderr and the exit code is the one given here. What is wrong *inside* a document comes as diagnostics with the error:
docs/diagnostics.md. Codes that handlers fail with are in each handler's README.
`;

/** docs/errors.md, written from the table of errors. */
export function errorReference(): string {
  const kinds = Object.keys(KINDS) as readonly ErrorKind[];
  const sections = kinds.map((kind) => {
    const codes = Object.entries(ERRORS).filter(([, error]) => error.kind === kind);
    const described = codes.map(
      ([code, { status, exit, template }]) => `### ${code}\n\n> ${template}\n\nHTTP ${status}, exit code ${exit}.\n`,
    );
    return codes.length === 0 ? '' : [`## ${kind}\n`, `${KINDS[kind]}\n`, ...described].join('\n');
  });
  return [ERRORS_INTRO, ...sections.filter((section) => section !== '')].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) {
  await writeFile(packagePath('docs/cli.md'), cliReference());
  await writeFile(packagePath('docs/errors.md'), errorReference());
}
