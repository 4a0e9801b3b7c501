import type { Json } from '../../kernel/json.ts';
import { HOST_INTERFACES } from './cell/interfaces.ts';
import type { HostReply } from './cell/messages.ts';
import type { Cell } from './cell.ts';
import type { CallHost } from './cell_link.ts';
import { describeIn } from './describe.ts';

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;

/**
 * Has a cell describe a component and run the first example of what it describes, with every host function refusing:
 * a first run spends more on compiling what the description did not need than on anything else.
 *
 * @throws Error that says why it can't; the cell is of no more use then
 */
export async function rehearse(cell: Cell, directory: string, memory_bytes_max: number): Promise<void> {
  const example = firstExample(await describeIn(cell, directory, memory_bytes_max));
  if (example === undefined) return;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`its first example is not done in ${TIMEOUT_MS / 1000} s`)),
    TIMEOUT_MS,
  );
  const step = { taskId: '', stepId: '', stepName: 'rehearsal', attempt: 1, idempotencyKey: '', ...example };
  const order = {
    directory,
    memory_bytes_max,
    call: { name: 'run', step },
    output_bytes_max: OUTPUT_BYTES_MAX,
    frame_bytes_max: 3 * OUTPUT_BYTES_MAX,
  } as const;
  try {
    const { end } = await Promise.race([cell.perform(order, refuse), late.promise]);
    // How it ends is the handler's affair; afterwards the cell must be as good as before.
    if (end.kind !== 'returned' && end.kind !== 'failed') throw new Error(`its first example ended by ${end.kind}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Config and inputs as a step has them; undefined when the capability, which is the guest's word, has no example. */
function firstExample(capability: string): { readonly config: string; readonly inputs: string } | undefined {
  const { composition } = JSON.parse(capability) as { composition?: { examples?: { config?: Json; inputs?: Json }[] } };
  const example = composition?.examples?.[0];
  if (example === undefined) return undefined;
  return { config: JSON.stringify(example.config ?? {}), inputs: JSON.stringify(example.inputs ?? {}) };
}

const refuse: CallHost = async (name): Promise<HostReply> => {
  const [interfaceName = '', fn = ''] = name.split('#');
  const result = HOST_INTERFACES[interfaceName]?.functions[fn];
  if (result === 'result') return { error: { tag: 'denied', val: 'this is a rehearsal' } };
  return { ok: result === 'u64' ? '0' : undefined };
};
