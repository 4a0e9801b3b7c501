/** The two parts of `name@range`; the range is empty when there is none, and then any release will do. */
export interface HandlerName {
  readonly name: string;
  /** npm semver range. */
  readonly range: string;
}

/** Splits what a step writes as its handler. Total: the schema refuses what is no name. */
export function parseHandlerReference(catalog: string): HandlerName {
  const at = catalog.indexOf('@');
  if (at < 0) return { name: catalog, range: '' };
  return { name: catalog.slice(0, at), range: catalog.slice(at + 1).trim() };
}
