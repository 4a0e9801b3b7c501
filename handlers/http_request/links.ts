const PARAMETER = /\s*;\s*([^\s=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?/y;

/**
 * The target of the first link with a relation type (RFC 8288), as written: it may be relative.
 *
 * Links with an `anchor` are about another resource and are passed over.
 * @param fields the values of all `Link` fields
 * @param relation compared without case
 */
export function linkTarget(fields: readonly string[], relation: string): string | undefined {
  for (const field of fields) {
    for (const { target, parameters } of parseLinks(field)) {
      const relations = parameters.get('rel')?.toLowerCase().split(/\s+/) ?? [];
      if (relations.includes(relation.toLowerCase()) && !parameters.has('anchor')) return target;
    }
  }
  return undefined;
}

/** The links of one field; what is malformed ends the list (RFC 8288, B.2). */
function* parseLinks(field: string): Generator<{ target: string; parameters: Map<string, string> }> {
  let at = 0;
  for (;;) {
    while (field[at] === ',' || field[at] === ' ' || field[at] === '\t') at += 1;
    const end = field[at] === '<' ? field.indexOf('>', at) : -1;
    if (end < 0) return;
    const target = field.slice(at + 1, end).trim();
    const parameters = new Map<string, string>();
    PARAMETER.lastIndex = end + 1;
    at = end + 1;
    for (let match = PARAMETER.exec(field); match !== null; match = PARAMETER.exec(field)) {
      const [, name = '', quoted, token = ''] = match;
      const value = quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1');
      // The first of several counts (RFC 8288 section 3.3).
      if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
      at = PARAMETER.lastIndex;
    }
    yield { target, parameters };
    while (field[at] === ' ' || field[at] === '\t' || field[at] === ';') at += 1;
    if (field[at] !== ',') return;
  }
}
