import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The standing part of what a model is told: prompt.md, which people review. */
export interface Prompt {
  readonly text: string;
  /** For provenance: `llm/prompt.md@<version> sha256:<hex of the file>`. */
  readonly version: string;
}

/** Reads prompt.md beside this file. @throws Error when it is not there, or does not begin with its version */
export function readPrompt(): Prompt {
  const file = readFileSync(new URL('./prompt.md', import.meta.url), 'utf8');
  const found = /^<!-- version: (\d+) -->\n/.exec(file);
  if (found === null) throw new Error('prompt.md does not begin with <!-- version: N -->');
  const digest = createHash('sha256').update(file).digest('hex');
  return { text: file.slice(found[0].length), version: `llm/prompt.md@${found[1]} sha256:${digest}` };
}
