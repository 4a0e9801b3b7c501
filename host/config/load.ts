import { dirname, join, resolve } from 'node:path';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { pointerTokens } from '../../kernel/schema/pointer.ts';
import type { SchemaProblem } from '../../kernel/schema/problem.ts';
import { builtInHandlers } from '../catalog/built_in.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { parseTemplateText } from '../template/parse.ts';
import { readTextFile } from '../text.ts';
import { overridesIn, type Variables } from './environment.ts';
import { CONFIG_SCHEMA } from './schema/config_schema.ts';
import type { OperatorConfig } from './types.ts';
import { withDefaults, withPaths, withValueAt } from './walk.ts';

/** Where to look for a config. */
export interface LoadOptions {
  /** Named by the caller; must exist. */
  readonly file?: string;
  /** The process's own when absent. */
  readonly cwd?: string;
  readonly env?: Variables;
}

const FILE_NAME = 'weft.yaml';

/** A config as somebody wrote it: checked, paths absolute, defaults not filled in. */
interface Read {
  readonly document: Json;
  readonly diagnostics: readonly Diagnostic[];
  /** Where relative default paths start. */
  readonly base: string;
}

/**
 * The operator config: `file`, or the file that `WEFT_CONFIG` names, or `weft.yaml` in `cwd`, or none; then what the
 * environment overrides; then the defaults. Relative paths of the file start at its folder, those of the environment
 * at `cwd`.
 * @throws config_invalid with every diagnostic of file and environment; file_unreadable
 */
export async function loadConfig({
  file,
  cwd = process.cwd(),
  env = process.env,
}: LoadOptions = {}): Promise<OperatorConfig> {
  const compiler = hostSchemaCompiler();
  const check = (schema: JsonObject, value: Json): readonly SchemaProblem[] => {
    const compiled = compiler.compile(schema);
    if (!compiled.ok) throw new Error(`the config's own schema is broken: ${JSON.stringify(compiled.problems)}`);
    return compiled.check(value);
  };

  const named = file ?? (env['WEFT_CONFIG'] || undefined);
  const read = await readConfig(named, cwd, check);
  const { overrides, diagnostics: unreadable } = overridesIn(env);
  const misfits = overrides.flatMap(({ schema, value, variable }) =>
    check(schema, value).map((problem) => ({ ...diagnosticOf(problem, variable), file: variable })),
  );
  const diagnostics = [...read.diagnostics, ...unreadable, ...misfits];
  if (diagnostics.length > 0) throw new WeftError('config_invalid', { count: diagnostics.length }, { diagnostics });

  const document = overrides.reduce(
    (value, { path, schema, value: leaf }) => withValueAt(value, path, withPaths(schema, leaf, cwd)),
    read.document,
  );
  const filled = withPaths(CONFIG_SCHEMA, withDefaults(CONFIG_SCHEMA, document)!, read.base);
  return complete(filled as unknown as OperatorConfig);
}

async function readConfig(
  named: string | undefined,
  cwd: string,
  check: (schema: JsonObject, value: Json) => readonly SchemaProblem[],
): Promise<Read> {
  const file = resolve(cwd, named ?? FILE_NAME);
  const text = await readText(file, named !== undefined);
  // A file of comments says nothing, which is fine.
  const { document = {}, diagnostics, locate } = parseTemplateText(text ?? '{}', { file: named ?? FILE_NAME });
  const faults = diagnostics.filter(({ code }) => code !== 'document_missing');
  const misfits = check(CONFIG_SCHEMA, document).map((problem) => ({
    ...diagnosticOf(problem, 'the config'),
    file: named ?? FILE_NAME,
    ...locate(problem.pointer),
  }));
  const base = text === undefined ? cwd : dirname(file);
  const all = [...faults, ...misfits];
  return { document: all.length > 0 ? {} : withPaths(CONFIG_SCHEMA, document, base), diagnostics: all, base };
}

/** The text of a file; undefined when it is not there and need not be. @throws file_unreadable */
async function readText(file: string, needed: boolean): Promise<string | undefined> {
  try {
    return await readTextFile(file);
  } catch (error) {
    const { code } = ((error as WeftError).cause ?? {}) as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !needed) return undefined;
    throw error;
  }
}

/** `root` names what is wrong when it is no key in particular. */
function diagnosticOf(problem: SchemaProblem, root: string): Diagnostic {
  const { keyword, pointer, message } = problem;
  // It names its key already.
  if (keyword === 'additionalProperties') return diagnose('key_unknown', problem);
  const subject = pointer === '' ? root : pointerTokens(pointer).join('.');
  const code = keyword === 'required' ? 'key_missing' : 'value_invalid';
  return diagnose(code, { ...problem, message: `${subject} ${message}` });
}

/** Each directory once, where it comes first. */
export function withDirectories(
  handlers: OperatorConfig['handlers'],
  directories: readonly string[],
): OperatorConfig['handlers'] {
  return { ...handlers, directories: [...new Set(directories.map((directory) => resolve(directory)))] };
}

/** Fills in what derives from other keys. */
function complete(config: OperatorConfig): OperatorConfig {
  const { data_directory, cache_directory, store, handlers, retention } = config;
  return {
    ...config,
    cache_directory: cache_directory ?? join(data_directory, 'cache'),
    retention: { ...retention, archive_directory: retention.archive_directory ?? join(data_directory, 'archive') },
    store: { ...store, path: store.path ?? join(data_directory, 'weft.db') },
    handlers: withDirectories(handlers, [builtInHandlers(), ...handlers.directories]),
  };
}
