import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentize } from '../../host/toolchain/componentize.ts';
import { witPackages } from '../../host/toolchain/wit.ts';
import type { Json } from '../../kernel/json.ts';
import type { Rest } from '../chaos/templates.ts';

const IMPORTS = ['weft:clock/wall-clock@1.0.0', 'weft:http/client@1.0.0', 'weft:log/logger@1.0.0'];

/** What the hostile handler does, and the code that its step must fail with. */
export interface HostileAct {
  readonly config: Rest;
  readonly code: string;
  /** Fields of the step: how long it may run, what it may use. */
  readonly step?: Rest;
}

const MIB = 1024 * 1024;
/** Beyond what the operator config of the soak lets a message of a cell hold; see `serve_config.ts`. */
const SHOUT_BYTES = 12 * MIB;

/** Every kind of misbehaviour, by name. `url` answers whatever it is asked. */
export function hostileActs(url: string): Readonly<Record<string, HostileAct>> {
  const slow = { timeout_ms: 500 };
  return {
    loop: { config: { do: 'loop' }, code: 'timeout', step: slow },
    hoard: { config: { do: 'hoard' }, code: 'memory_exceeded', step: { limits: { memory_bytes_max: 32 * MIB } } },
    throw: { config: { do: 'throw' }, code: 'trap' },
    recurse: { config: { do: 'recurse' }, code: 'trap' },
    malformed: { config: { do: 'malformed' }, code: 'output_malformed' },
    deep: { config: { do: 'deep' }, code: 'output_malformed' },
    huge: { config: { do: 'huge', bytes: 3 * MIB }, code: 'output_too_large' },
    shout: { config: { do: 'shout', bytes: SHOUT_BYTES }, code: 'output_too_large' },
    flood: { config: { do: 'flood' }, code: 'timeout', step: { timeout_ms: 1_000 } },
    spin: { config: { do: 'spin' }, code: 'timeout', step: slow },
    pester: { config: { do: 'pester', url }, code: 'timeout', step: { timeout_ms: 1_000 } },
  };
}

/** The steps of a task whose middle one misbehaves: nothing after it may happen. */
export function hostileSteps({ config, step }: HostileAct, effect: (name: string, after: string[]) => Json): Json[] {
  const bad = {
    name: 'bad',
    handler: { catalog: 'gremlin', config },
    dependencies: ['before'],
    // Twice, since the harness kills cells under whatever runs in them.
    retry: { max_attempts: 2, backoff: 'none', base_ms: 0 },
    on_failure: 'fail_task',
    ...step,
  };
  return [effect('before', []), bad, effect('after', ['bad'])];
}

/** Builds the component into a folder, for `handlers.directories`. */
export async function buildHostileHandler(directory: string): Promise<void> {
  const source = await readFile(join(import.meta.dirname, 'hostile_guest.js'), 'utf8');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'gremlin.wasm'), await componentize(source, witPackages(), IMPORTS));
}
