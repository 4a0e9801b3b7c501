import path from 'node:path';

/** The least that a socket's path may be long on any system: `sun_path` is 104 bytes on macOS, its end included. */
export const SOCKET_PATH_BYTES_MAX = 103;

/** The private socket of a data directory, by a path short enough to use from here when there is one. */
export function socketPath(data_directory: string): string {
  return shortestPath(path.join(data_directory, 'weft.sock'));
}

/** The absolute path or the one from the working directory, whichever is shorter. */
export function shortestPath(file: string): string {
  const absolute = path.resolve(file);
  const relative = path.relative(process.cwd(), absolute);
  return Buffer.byteLength(relative) < Buffer.byteLength(absolute) ? relative : absolute;
}
