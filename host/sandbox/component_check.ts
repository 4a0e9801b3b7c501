import { HANDLER_INTERFACE, HOST_INTERFACES } from './cell/interfaces.ts';
import { type ComponentShape, type ExternName, readComponent } from './structure/component_reader.ts';
import { ComponentRefusal } from './structure/refusal.ts';

/** What a component that may be transpiled imports and exports. */
export interface CheckedComponent {
  /** Full names, as `weft:http/client@1.0.0`, sorted. */
  readonly imports: readonly string[];
  /** Of each Weft interface it imports or exports: its name to the version it asks for. */
  readonly versions: Readonly<Record<string, string>>;
}

/** How large a component may be. */
export interface ComponentBounds {
  readonly component_bytes_max: number;
  /** Of its linear memory when it starts. */
  readonly memory_bytes_max: number;
}

const VERSIONED_NAME = /^(.+)@(\d+)\.(\d+)\.\d+$/;

/**
 * Checks a component before anything of it is compiled or run: its size, every section and instruction of it, how much it
 * has of each thing, every name in it; that it starts within the memory limit, exports a handler and imports nothing but
 * interfaces that this host offers. Takes time in proportion to the bytes.
 *
 * @throws ComponentRefusal, and nothing else
 */
export function checkComponent(bytes: Uint8Array, bounds: ComponentBounds): CheckedComponent {
  checkSize(bytes.length, bounds);
  return checkShape(readComponent(bytes), bounds);
}

/** @throws ComponentRefusal */
export function checkSize(bytes: number, { component_bytes_max }: ComponentBounds): void {
  if (bytes <= component_bytes_max) return;
  throw new ComponentRefusal('size', `it has ${bytes} bytes; at most ${component_bytes_max} are allowed`);
}

/**
 * What of the check depends on this host and not on the component alone.
 * @throws ComponentRefusal
 */
export function checkShape(shape: ComponentShape, { memory_bytes_max }: ComponentBounds): CheckedComponent {
  if (shape.memory_bytes > memory_bytes_max) {
    const problem = `it starts with ${shape.memory_bytes} bytes of memory, where ${memory_bytes_max} are allowed`;
    throw new ComponentRefusal('memory', problem);
  }
  const problems = importProblems(shape);
  const handler = shape.exports.filter(({ name, instance }) => instance && offered(name) === HANDLER_INTERFACE.name);
  if (handler.length !== 1) problems.push(`it does not export ${HANDLER_INTERFACE.name} in a version up to 1.0`);
  if (problems.length > 0) throw new ComponentRefusal('world', problems.join('; '));
  const imports = shape.imports.map(({ name }) => name).sort();
  const versions = Object.fromEntries(
    [...imports, handler[0]!.name].map((name) => name.split('@') as [string, string]),
  );
  return { imports, versions };
}

/** The first few: a component may import a thousand things. */
const PROBLEMS_MAX = 10;

function importProblems({ imports }: ComponentShape): string[] {
  const seen = new Set<string>();
  return imports.flatMap((each) => importProblem(each, seen) ?? []).slice(0, PROBLEMS_MAX);
}

function importProblem({ name, instance }: ExternName, seen: Set<string>): string | undefined {
  const known = instance ? offered(name) : undefined;
  if (known === undefined || known === HANDLER_INTERFACE.name) {
    return `it imports "${name.slice(0, 80)}", which is not offered; offered are ${Object.keys(HOST_INTERFACES).join(', ')}`;
  }
  if (seen.has(known)) return `it imports ${known} in two versions`;
  seen.add(known);
  return undefined;
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
