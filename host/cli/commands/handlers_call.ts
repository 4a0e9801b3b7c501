import type { Json, JsonObject } from '../../../kernel/json.ts';
import type { Resume } from '../../../kernel/task/state.ts';
import type { OperatorEgressRule } from '../../config/types.ts';
import type { CallReport } from '../../handler_author/call.ts';
import { DIRECTORY_OPTION, sayingWhatIsWrong, targetOf } from '../author.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { durationText } from '../format.ts';
import { type Io, type Paint, printable } from '../io.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { usage } from '../parse.ts';
import { readJson, readObject } from '../read_input.ts';
import { loadConfig } from '../runtime.ts';

const TIMEOUT_MS = 30_000;

/** Runs one step by hand. */
export const HANDLERS_CALL = command({
  name: 'handlers call',
  summary: 'Run one step of a handler in a cell, and show outcome or failure, log and receipt.',
  details:
    'Host functions do what the operator config and --allow-host allow: nothing, when neither says anything. Secrets are\n' +
    'never given. A config or input that breaks its schema is said and run all the same. Exit code 1 when it fails.',
  arguments: [{ name: 'FILE|DIR|NAME', doc: 'A handler, which is built first, or a component.' }],
  options: {
    config: { value: 'JSON', short: 'c', doc: "The step's config, or @FILE with it, or -; {} when absent." },
    inputs: { value: 'JSON', short: 'i', doc: 'The inputs, or @FILE with them, or -; {} when absent.' },
    resume: {
      value: 'JSON',
      doc: 'For a suspended step, or @FILE: {state, signals, fired?}, signals as the handler gets them.',
    },
    'allow-host': {
      value: 'HOST',
      multiple: true,
      doc: 'HOST or HOST:PORT that may be reached over https, [http://]HOST[:PORT] over http; may be repeated.',
    },
    'timeout-ms': { value: 'MS', doc: `When it is killed; ${TIMEOUT_MS} when absent.` },
    ...DIRECTORY_OPTION,
    ...OUTPUT_OPTION,
    'operator-config': { ...CONFIG_OPTION.config, value: 'FILE' },
  },
  examples: [
    { line: `weft handlers call hello --inputs '{"name": "Ada"}'`, doc: 'With defaults as config.' },
    {
      line: `weft handlers call http_request -c '{"url": "https://example.com"}' --allow-host example.com`,
      doc: 'It may reach that host alone.',
    },
  ],
  run: ({ args, options, io }) =>
    sayingWhatIsWrong(io, async () => {
      const { callHandler } = await import('../../handler_author/call.ts');
      const operator = await loadConfig(options['operator-config'], io.env);
      const resume =
        options.resume === undefined ? undefined : readResume(await readJson(named(options.resume)!, '--resume', io));
      const call = {
        config: await readObject(named(options.config), '--config', io),
        inputs: await readObject(named(options.inputs), '--inputs', io),
        ...(resume === undefined ? {} : { resume }),
        timeout_ms: timeoutOf(options['timeout-ms']),
        egress: options['allow-host'].map(readHost),
        signal: io.interrupted,
      };
      const places = { directory: options.directory, config: options['operator-config'] };
      const report = await callHandler(await targetOf(args[0]!, places, io), call, operator);
      return show(report, new Output(io, options.output), io);
    }),
});

function show(report: CallReport, output: Output, io: Io): number {
  output.value(report, (paint) => text(report, paint));
  if (io.interrupted.aborted) return EXIT.interrupted.code;
  return report.end.kind === 'outcome' ? EXIT.ok.code : EXIT.failure.code;
}

function text({ end, problems, log, audit, receipt }: CallReport, paint: Paint): string {
  const { run_ms, instantiate_ms, memory_bytes, host_calls, hosts, denials } = receipt;
  const ended = end as { readonly kind: string; readonly outcome?: unknown; readonly failure?: unknown };
  const told = [
    ...log.map(
      ({ level, message, fields }) => `log ${level}: ${message}${fields === null ? '' : ` ${JSON.stringify(fields)}`}`,
    ),
    ...audit.map((event) => JSON.stringify(event)),
  ];
  return [
    `${ended.kind === 'outcome' ? paint('green', 'outcome') : paint('red', 'failure')} ${JSON.stringify(ended.outcome ?? ended.failure, null, 2)}`,
    ...problems.map((problem) => paint('yellow', printable(problem))),
    ...told.map(printable),
    `instance ${durationText(instantiate_ms)}, run ${durationText(run_ms)}, memory ${(memory_bytes / 1024 / 1024).toFixed(1)} MB, ` +
      `host calls ${host_calls}, denied ${denials}${hosts.length === 0 ? '' : `, hosts ${hosts.map(printable).join(', ')}`}`,
    '',
  ].join('\n');
}

/** `@FILE` is a file, however its name begins. */
function named(given: string | undefined): string | undefined {
  return given?.startsWith('@') === true ? given.slice(1) : given;
}

function timeoutOf(given: string | undefined): number {
  if (given === undefined) return TIMEOUT_MS;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw usage(`--timeout-ms takes a number of milliseconds, not "${given}"`);
}

/** `HOST`, `HOST:PORT`, `http://HOST:PORT`. Naming a private address allows it: this is the operator's own machine. */
function readHost(given: string): OperatorEgressRule {
  const [, scheme = 'https', host, port] =
    /^(?:(https?):\/\/)?(\[[0-9a-fA-F:]+\]|[^\s/:]+)(?::(\d{1,5}))?\/?$/.exec(given) ?? [];
  if (host === undefined) throw usage(`--allow-host takes HOST, HOST:PORT or http://HOST:PORT, not "${given}"`);
  return {
    scheme: scheme as 'http' | 'https',
    host,
    private: true,
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function readResume(value: Json): Resume {
  const { state, signals, fired } = (value ?? {}) as { state?: Json; signals?: Json; fired?: Json };
  const isWhole = state !== undefined && Array.isArray(signals) && (fired === undefined || typeof fired === 'string');
  if (!isWhole) throw usage('--resume takes {"state": …, "signals": […], "fired"?: "…"}');
  const received = (signals as readonly JsonObject[]).map(({ at_ms = 0, ...signal }) => ({ ...signal, at: at_ms }));
  return {
    state,
    signals: received as unknown as Resume['signals'],
    ...(fired === undefined ? {} : { fired: fired as string }),
  };
}
