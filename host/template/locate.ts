import { type Alias, isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import { pointerTokens } from '../../kernel/schema/pointer.ts';

interface Member {
  /** Of the key. */
  readonly offset: number;
  readonly value: ParsedNode | null;
}

/** Finds the offset at which a pointer's value stands: see `ParsedTemplate.locate`. Linear in the pointer's length. */
export function createLocator(root: ParsedNode, aliases: ReadonlyMap<Alias, ParsedNode>): (pointer: string) => number {
  const indexed = new WeakMap<YAMLMap, ReadonlyMap<string, Member>>();
  const membersOf = (map: YAMLMap): ReadonlyMap<string, Member> => {
    const members = indexed.get(map) ?? indexMembers(map);
    indexed.set(map, members);
    return members;
  };
  const memberOf = (node: ParsedNode | null, token: string): Member | undefined => {
    const target = isAlias(node) ? aliases.get(node) : node;
    if (isMap(target)) return membersOf(target).get(token);
    const item = isSeq(target) ? (target.items as ParsedNode[])[Number(token)] : undefined;
    return item === undefined ? undefined : { offset: item.range[0], value: item };
  };

  return (pointer) => {
    let at: Member = { offset: root.range[0], value: root };
    for (const token of pointerTokens(pointer)) {
      const member = memberOf(at.value, token);
      if (member === undefined) break;
      at = member;
    }
    return at.offset;
  };
}

function indexMembers(map: YAMLMap): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const { key, value } of map.items) {
    if (!isScalar(key) || typeof key.value !== 'string' || members.has(key.value)) continue;
    members.set(key.value, { offset: (key as ParsedNode).range[0], value: value as ParsedNode | null });
  }
  return members;
}
