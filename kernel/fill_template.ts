import type { Json } from './json.ts';

/** A text with each `{name}` replaced by the parameter of that name, if there is one; what is no text as JSON. */
export function fillTemplate(template: string, params: Readonly<Record<string, Json>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === 'string' ? value : JSON.stringify(value);
  });
}
