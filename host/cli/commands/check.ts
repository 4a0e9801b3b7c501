import type { Diagnostic } from '../../../kernel/diagnostics.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { TemplateFile } from '../client.ts';
import type { ConnectionOptions } from '../connect.ts';
import { renderDiagnostics } from '../diagnostic_text.ts';
import { EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import type { Output } from '../output.ts';
import { withTemplates } from '../templates.ts';

/** Checks a template, and a context when there is one; prints every diagnostic; gives the exit code. */
export async function checkTemplate(
  template: TemplateFile,
  context: JsonObject | undefined,
  connection: ConnectionOptions,
  output: Output,
  io: Io,
  directories: readonly string[] = [],
): Promise<number> {
  const asked = context === undefined ? template : { ...template, context };
  const { valid, diagnostics } = await withTemplates(
    connection,
    io,
    (templates) => templates.validate(asked),
    directories,
  );
  output.value({ valid, diagnostics }, (paint) =>
    valid && diagnostics.length === 0
      ? `${template.file}: ${paint('green', 'valid')}\n`
      : renderDiagnostics(diagnostics, paint) + summaryOf(diagnostics),
  );
  return valid ? EXIT.ok.code : EXIT.validation.code;
}

/** How many errors and warnings there are, in a line. */
export function summaryOf(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}\n`;
}
