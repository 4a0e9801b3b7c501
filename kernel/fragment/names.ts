/** What a planned step is called in its task: `<planning step>/<phase>/<name>`. */
export function qualifiedName(planningStep: string, phase: number, name: string): string {
  return `${planningStep}/${phase}/${name}`;
}
