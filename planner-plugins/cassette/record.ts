import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ModelAdapter, PlannerFailure } from '../../kernel/index.ts';
import { type CassetteHeader, keyOf, lineOf, recordedPart } from './format.ts';

/** Where to record, and what must not be there. */
export interface RecordOptions {
  /** Appended to; made with its folder when it is not there. */
  readonly file: string;
  readonly header: CassetteHeader;
  /** Values that are replaced by `[redacted]` wherever they stand. */
  readonly secrets: readonly string[];
}

/** Shorter texts are no keys, and would be found everywhere. */
const SECRET_LENGTH_MIN = 8;

/** An adapter that writes each call down, failed ones too, before anybody hears of it. */
export function recording(adapter: ModelAdapter, options: RecordOptions): ModelAdapter {
  const redact = redactor(options.secrets);
  return {
    description: adapter.description,
    async call(request, context) {
      const recorded = JSON.parse(redact(JSON.stringify(recordedPart(request)))) as ReturnType<typeof recordedPart>;
      const write = (outcome: object) =>
        append(options, `${redact(JSON.stringify({ key: keyOf(recorded), request: recorded, outcome }))}\n`);
      try {
        const answer = await adapter.call(request, context);
        await write({ answer });
        return answer;
      } catch (error) {
        if (error instanceof PlannerFailure) await write({ problem: error.problem });
        throw error;
      }
    },
  };
}

async function append({ file, header }: RecordOptions, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, lineOf(header), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await appendFile(file, line);
}

/** Finds secrets as they are, and as JSON writes them. */
function redactor(secrets: readonly string[]): (json: string) => string {
  const long = secrets.filter((secret) => secret.length >= SECRET_LENGTH_MIN);
  const spellings = long.flatMap((secret) => [JSON.stringify(secret).slice(1, -1), secret]);
  const longestFirst = [...new Set(spellings)].sort((a, b) => b.length - a.length);
  return (json) => longestFirst.reduce((text, spelling) => text.replaceAll(spelling, '[redacted]'), json);
}
