import { randomUUIDv7 } from 'node:crypto';
import { WeftError } from '../../../kernel/errors.ts';
import type { WeftClient } from '../client.ts';
import { type Command, command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { LIST_OPTIONS, listRows } from '../pages.ts';
import { usage } from '../parse.ts';
import { readJson } from '../read_input.ts';
import { gateColumns, renderStep } from '../views.ts';

const COMMON_OPTIONS = { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS } as const;

const list = command({
  name: 'gate list',
  summary: 'List the steps that wait for people, longest waiting first.',
  arguments: [],
  options: {
    task: { value: 'TASK', doc: 'Only steps of this task.' },
    ...LIST_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [{ line: 'weft gate list', doc: 'Who is asked what, and since when.' }],
  async run({ options, io }) {
    const rows = await withClient(options, io, (client) =>
      listRows((page) => client.gates({ task_id: options.task, ...page }), options, io),
    );
    new Output(io, options.output).rows(rows, gateColumns(Date.now()));
    return EXIT.ok.code;
  },
});

function decide(decision: 'approve' | 'reject', summary: string): Command {
  return command({
    name: `gate ${decision}`,
    summary,
    details:
      'On the private socket whoever may use it says whom they act for: --as and --role. Over --url the token says it.',
    arguments: [
      { name: 'TASK', doc: 'The id of a task.' },
      {
        name: 'STEP',
        doc: 'The name or id of the gate; may be left out when the task waits at one only.',
        optional: true,
      },
    ],
    options: {
      as: { value: 'NAME', doc: 'Who decides; the user of this machine when absent.' },
      role: { value: 'ROLE', multiple: true, doc: 'A role to decide in; may be repeated.' },
      comment: { value: 'TEXT', doc: 'A remark that becomes part of the decision.' },
      data: { value: 'FILE|JSON', doc: 'Data that the gate asks for.' },
      'signal-id': { value: 'ID', doc: 'The same id again is the same decision.' },
      reason: { value: 'TEXT', doc: 'Why; kept in the journal beside the decision.' },
      ...COMMON_OPTIONS,
    },
    examples: [
      { line: `weft gate ${decision} 0197… --role manager`, doc: 'As anybody who is a manager.' },
      {
        line: `weft gate ${decision} 0197… finance_approval --as grace --role finance --comment 'as agreed'`,
        doc: 'As somebody in particular.',
      },
    ],
    async run({ args, options, io }) {
      const { comment } = options;
      const data = options.data === undefined ? undefined : await readJson(options.data, '--data', io);
      const signal = {
        signal_id: options['signal-id'] ?? randomUUIDv7(),
        data: { decision, ...(comment === undefined ? {} : { comment }), ...(data === undefined ? {} : { data }) },
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      };
      const identity = { principal: options.as, roles: options.role };
      const step = await withClient(options, io, async (client) => {
        const name = args[1] ?? (await onlyGate(client, args[0]!));
        return client.signal(args[0]!, name, signal, identity);
      });
      new Output(io, options.output).value(step, (paint) => renderStep(step, paint));
      return EXIT.ok.code;
    },
  });
}

/** The gate that a task waits at, when there is one and only one. */
async function onlyGate(client: WeftClient, task_id: string): Promise<string> {
  const { items } = await client.gates({ task_id, limit: 100 });
  const [first, second] = items;
  if (first === undefined) {
    const { status } = await client.task(task_id);
    throw new WeftError('no_gate_waits', { task_id, status });
  }
  if (second === undefined) return first.step_name;
  throw usage(
    `task "${task_id}" waits at ${items.length} gates; name one: ${items.map((gate) => gate.step_name).join(', ')}`,
  );
}

/** The `weft gate` commands. */
export const GATE_COMMANDS: readonly Command[] = [
  list,
  decide('approve', 'Approve at a gate.'),
  decide('reject', 'Reject at a gate.'),
];
