/**
 * What a step may be called, as a pattern for schemas: a lower-case letter, then up to 63 lower-case letters, digits,
 * `_` and `-`.
 */
export const STEP_NAME_PATTERN = '^[a-z][a-z0-9_-]{0,63}$';

const STEP_NAME = new RegExp(STEP_NAME_PATTERN);

/** Whether a step may be called so. */
export function isStepName(name: string): boolean {
  return STEP_NAME.test(name);
}

/** What a planned step is called in its task: `<planning step>/<phase>/<name>`. */
export function qualifiedName(planningStep: string, phase: number, name: string): string {
  return `${planningStep}/${phase}/${name}`;
}

/** What a step is called by the steps around it: the last part of a qualified name. */
export function localName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Whether a text is a step's name, of a template or of a plan. */
export function isReferableName(name: string): boolean {
  const [step, phase, planned, ...more] = name.split('/', 4);
  if (phase === undefined) return isStepName(name);
  return more.length === 0 && isStepName(step!) && /^[1-9][0-9]{0,8}$/.test(phase) && isStepName(planned ?? '');
}

/** What a secret may be called, as a pattern for schemas: a letter or `_`, then up to 63 letters, digits and `_`. */
export const SECRET_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,63}$';

const SECRET_NAME = new RegExp(SECRET_NAME_PATTERN);

/** Whether a secret may be called so. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
