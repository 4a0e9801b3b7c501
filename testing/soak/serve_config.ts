import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { VictimOptions } from '../chaos/victim.ts';

const MIB = 1024 * 1024;
export const CELLS = 3;

/** Where the parts of a soak are, below its directory. */
export const placesIn = (directory: string) => ({
  handlers: join(directory, 'handlers'),
  archive: join(directory, 'archive'),
  store: join(directory, 'data', 'weft.db'),
  probe: join(directory, 'probe.json'),
});

export interface ServeParts {
  readonly effectPort: number;
  readonly hostilePort: number;
  readonly secret: string;
  /** Between two forced collections of garbage in the process under test. */
  readonly collectMs: number;
}

/** The operator config of the soak: cells, a hostile handler, one secret, limits that hostile runs reach soon. */
export function serveOptions(directory: string, parts: ServeParts): VictimOptions {
  const { effectPort, hostilePort, secret, collectMs } = parts;
  const places = placesIn(directory);
  return {
    config: {
      handlers: { directories: [places.handlers] },
      egress: {
        allow: [effectPort, hostilePort].map((port) => ({ scheme: 'http', host: '127.0.0.1', port, private: true })),
      },
      secrets: { SOAK_KEY: { source: { env: 'SOAK_KEY' }, hosts: ['127.0.0.1'], plain_http: true } },
      // What has settled may go at once, so that the store stays small while it is used.
      retention: { settled_tasks: 'archive', after_hours: 0, every_minutes: 1, archive_directory: places.archive },
      limits: { output_bytes_max: 2 * MIB, request_bytes_max: 2 * MIB, response_bytes_max: 4 * MIB },
      broker: { cells: CELLS },
    },
    env: {
      SOAK_KEY: secret,
      WEFT_SOAK_PROBE: places.probe,
      WEFT_SOAK_PARENT: String(process.pid),
      WEFT_SOAK_COLLECT_MS: String(collectMs),
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${pathToFileURL(join(import.meta.dirname, 'probe.ts'))}`,
    },
  };
}
