import { HANDLER_INTERFACE, HOST_INTERFACES } from './cell/interfaces.ts';
import { type ComponentShape, readComponent } from './component_reader.ts';

/** What a component that may be transpiled imports and exports. */
export interface CheckedComponent {
  /** Full names, as `weft:http/client@1.0.0`, sorted. */
  readonly imports: readonly string[];
  /** Of each Weft interface it imports or exports: its name to the version it asks for. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Copied into generated code, none of these characters can end a string or a comment there. */
const HARMLESS_NAME = /^[A-Za-z0-9_$.:/@#|[\]-]{0,512}$/;

const VERSIONED_NAME = /^(.+)@(\d+)\.(\d+)\.\d+$/;

/**
 * Checks a component before anything of it is compiled or run: its size and structure, the characters of every name
 * in it, that it exports a handler and imports nothing but interfaces that this host offers.
 *
 * @throws Error whose message names every problem found
 */
export function checkComponent(bytes: Uint8Array, bytesMax: number): CheckedComponent {
  if (bytes.length > bytesMax) throw new Error(`it has ${bytes.length} bytes; at most ${bytesMax} are allowed`);
  const shape = readComponent(bytes);
  const problems = [...nameProblems(shape), ...importProblems(shape)];
  const handler = shape.exports.filter(({ name, instance }) => instance && offered(name) === HANDLER_INTERFACE.name);
  if (handler.length !== 1) problems.push(`it does not export ${HANDLER_INTERFACE.name} in a version up to 1.0`);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const imports = shape.imports.map(({ name }) => name).sort();
  const versions = Object.fromEntries(
    [...imports, handler[0]!.name].map((name) => name.split('@') as [string, string]),
  );
  return { imports, versions };
}

function nameProblems({ names }: ComponentShape): string[] {
  const bad = [...names].find((name) => !HARMLESS_NAME.test(name) || name === '__proto__');
  return bad === undefined
    ? []
    : [`the name ${JSON.stringify(bad.slice(0, 80))} is too long or has forbidden characters`];
}

function importProblems({ imports }: ComponentShape): string[] {
  const seen = new Set<string>();
  return imports.flatMap(({ name, instance }) => {
    const known = instance ? offered(name) : undefined;
    if (known === undefined || known === HANDLER_INTERFACE.name) {
      return [
        `it imports "${name.slice(0, 80)}", which is not offered; offered are ${Object.keys(HOST_INTERFACES).join(', ')}`,
      ];
    }
    if (seen.has(known)) return [`it imports ${known} in two versions`];
    seen.add(known);
    return [];
  });
}

/** The interface that a name with a version means, when this host has it in that version. */
function offered(name: string): string | undefined {
  const [, base = '', major, minor] = VERSIONED_NAME.exec(name) ?? [];
  const known =
    base === HANDLER_INTERFACE.name
      ? HANDLER_INTERFACE.version
      : Object.hasOwn(HOST_INTERFACES, base)
        ? HOST_INTERFACES[base]!.version
        : undefined;
  return known !== undefined && Number(major) === known[0] && Number(minor) <= known[1] ? base : undefined;
}
