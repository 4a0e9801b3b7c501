import { ByteReader } from '../sandbox/structure/byte_reader.ts';

/** A core module inside a component. */
export interface CoreModule {
  readonly size_bytes: number;
  /** The memories it makes, in pages of 64 KiB; no maximum is null. */
  readonly memories: readonly { readonly pages_min: number; readonly pages_max: number | null }[];
}

/** How a component is laid out. */
export interface ComponentLayout {
  /** In the order of the file, at any depth. */
  readonly modules: readonly CoreModule[];
  /** What made it, by field (`language`, `processed-by`, `sdk`), as `name version`; from every `producers` section. */
  readonly producers: Readonly<Record<string, readonly string[]>>;
}

const COMPONENT_LAYER = '0d000100';
const NESTING_MAX = 16;
const CUSTOM = 0;
const CORE_MODULE = 1;
const NESTED_COMPONENT = 4;
const MEMORY = 5;

/**
 * Reads the modules, memories and producers of a component that `checkComponent` has passed, and runs nothing.
 * https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md
 *
 * @throws Error that names what is wrong and at which byte
 */
export function readLayout(bytes: Uint8Array): ComponentLayout {
  const modules: CoreModule[] = [];
  const producers = new Map<string, Set<string>>();
  readPart(new ByteReader(bytes), bytes.length, 0);
  return {
    modules,
    producers: Object.fromEntries([...producers].map(([field, values]) => [field, [...values].sort()])),
  };

  function readPart(reader: ByteReader, size_bytes: number, depth: number): void {
    if (depth > NESTING_MAX) throw reader.error(`components are nested more than ${NESTING_MAX} deep`);
    reader.hex(4);
    const isComponent = reader.hex(4) === COMPONENT_LAYER;
    const memories: { pages_min: number; pages_max: number | null }[] = [];
    if (!isComponent) modules.push({ size_bytes, memories });
    while (!reader.atEnd) {
      const id = reader.byte();
      const length = reader.u32();
      const section = reader.slice(length);
      if (id === CUSTOM) readCustom(section);
      else if (isComponent && (id === CORE_MODULE || id === NESTED_COMPONENT)) readPart(section, length, depth + 1);
      else if (!isComponent && id === MEMORY) section.each(() => memories.push(readLimits(section)));
    }
  }

  function readCustom(section: ByteReader): void {
    if (section.name() !== 'producers') return;
    section.each(() => {
      const field = section.name();
      const values = producers.get(field) ?? new Set();
      producers.set(field, values);
      section.each(() => values.add(`${section.name()} ${section.name()}`.trim()));
    });
  }
}

function readLimits(section: ByteReader): { pages_min: number; pages_max: number | null } {
  const flags = section.u32();
  const pages_min = section.u32();
  return { pages_min, pages_max: (flags & 1) === 0 ? null : section.u32() };
}
