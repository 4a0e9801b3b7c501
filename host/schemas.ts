import ajvFormats from 'ajv-formats/dist/formats.js';
import { RE2JS } from 're2js';
import { createSchemaCompiler, type Regex, type SchemaCompiler } from '../kernel/schema/compile.ts';

/** A pattern in linear time: no input, whoever wrote pattern or text, can stall it. */
function linearRegex(pattern: string, flags: string): Regex {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern), flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0);
  return { test: (text) => compiled.matcher(text).find() };
}

/** The schema compiler that the whole host shares: JSON Schema 2020-12, the standard formats, linear-time patterns. */
export function hostSchemaCompiler(): SchemaCompiler {
  return createSchemaCompiler({ regexEngine: linearRegex, formats: ajvFormats.fullFormats });
}
