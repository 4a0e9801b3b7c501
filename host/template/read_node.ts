import { type Alias, isAlias, isMap, isScalar, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Json } from '../../kernel/json.ts';
import { type Path, pointerOf } from '../../kernel/schema/pointer.ts';
import type { Complain } from './parse.ts';

/** A document's value, and what each alias in it stands for. */
export interface ReadDocument {
  readonly value: Json;
  readonly aliases: ReadonlyMap<Alias, ParsedNode>;
}

interface Anchored {
  readonly node: ParsedNode;
  readonly value: Json;
  /** As `sizeProblem` counts. */
  readonly size: number;
}

/**
 * Turns a composed document into JSON. Anchors are values shared by reference; what all aliases together stand for may
 * be as large as `sizeMax` and no larger. Of a key that is there twice the first value counts.
 */
export function readNode(root: ParsedNode, sizeMax: number, complain: Complain): ReadDocument {
  const anchors = new Map<string, Anchored>();
  const aliases = new Map<Alias, ParsedNode>();
  let expanded = 0;
  let tooLarge = false;
  /** Of everything read so far, aliases expanded. */
  let size = 0;

  const read = (node: ParsedNode, path: Path): Json => {
    if (isAlias(node)) return readAlias(node, path);
    if (node.tag !== undefined) {
      complain('tag_forbidden', node.range[0], {
        pointer: pointerOf(path),
        message: `the tag ${JSON.stringify(node.tag.replace('tag:yaml.org,2002:', '!!'))} is not allowed`,
        suggestion: 'remove it; quote a value to make it a text',
      });
    }
    const start = size;
    size += 8;
    const value = isScalar(node) ? readScalar(node.value) : isMap(node) ? readMap(node, path) : readItems(node, path);
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, value, size: size - start });
    return value;
  };

  const readScalar = (value: unknown): Json => {
    if (typeof value === 'string') size += value.length;
    return value as Json;
  };

  const readItems = (node: YAMLSeq, path: Path): Json =>
    (node.items as ParsedNode[]).map((item, index) => read(item, [...path, index]));

  const readMap = (node: YAMLMap, path: Path): Json => {
    const entries = new Map<string, Json>();
    for (const pair of node.items) {
      const key = readKey(pair.key as ParsedNode, path);
      if (key === undefined) continue;
      const at = [...path, key];
      if (entries.has(key)) {
        complain('key_duplicate', (pair.key as ParsedNode).range[0], {
          pointer: pointerOf(at),
          message: `the key ${JSON.stringify(key)} is already there`,
          suggestion: 'remove one of the two',
        });
        continue;
      }
      size += key.length;
      entries.set(key, pair.value === null ? null : read(pair.value as ParsedNode, at));
    }
    // Defines own properties, whatever they are called.
    return Object.fromEntries(entries);
  };

  const readKey = (key: ParsedNode, path: Path): string | undefined => {
    if (isScalar(key) && typeof key.value === 'string' && key.tag === undefined) return key.value;
    complain('key_not_text', key.range[0], {
      pointer: pointerOf(path),
      message: 'a key must be a text',
      suggestion: isScalar(key) ? `quote it: "${(key as { source?: string }).source ?? ''}"` : 'write a plain text',
    });
    return undefined;
  };

  const readAlias = (alias: Alias & ParsedNode, path: Path): Json => {
    const anchored = anchors.get(alias.source);
    if (anchored === undefined) {
      complain('alias_unknown', alias.range[0], {
        pointer: pointerOf(path),
        message: `the alias "*${alias.source}" stands for nothing: its anchor must be complete before it`,
      });
      return null;
    }
    expanded += anchored.size;
    if (expanded > sizeMax) {
      if (!tooLarge) {
        complain('aliases_too_large', alias.range[0], {
          pointer: pointerOf(path),
          message: `from here on, aliases stand for more than ${sizeMax} characters`,
          expected: sizeMax,
          suggestion: 'write out what differs, or pass it in the context',
        });
      }
      tooLarge = true;
      return null;
    }
    size += anchored.size;
    aliases.set(alias, anchored.node);
    return anchored.value;
  };

  return { value: read(root, []), aliases };
}
