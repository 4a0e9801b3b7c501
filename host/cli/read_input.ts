import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { WeftError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { parseJsonText } from '../http/json_text.ts';
import type { TemplateFile } from './client.ts';
import type { Io } from './io.ts';
import { usage } from './parse.ts';

/** The text of a file, or of standard input for `-`. @throws file_unreadable */
export async function readText(file: string, io: Io): Promise<string> {
  if (file === '-') return readAll(io.stdin);
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const problem =
      cause.code === 'ENOENT' ? 'it does not exist' : cause.code === 'EISDIR' ? 'it is a folder' : cause.message;
    throw new WeftError('file_unreadable', { file, problem }, { cause });
  });
}

/** A template file. @throws file_unreadable */
export async function readTemplate(file: string, io: Io): Promise<TemplateFile> {
  return { template: await readText(file, io), file: file === '-' ? 'standard input' : file };
}

/**
 * A JSON value given as itself, in a file, or on standard input as `-`. What begins like JSON is JSON; a file whose
 * name does is written as `./name`.
 * @throws json_invalid, file_unreadable
 */
export async function readJson(argument: string, option: string, io: Io): Promise<Json> {
  if (isInline(argument)) return parseJsonText(argument, { subject: option, file: option });
  const file = argument === '-' ? 'standard input' : argument;
  return parseJsonText(await readText(argument, io), { subject: file, file });
}

/** A JSON object; `{}` when the option is absent. @throws json_invalid, file_unreadable, usage_invalid */
export async function readObject(argument: string | undefined, option: string, io: Io): Promise<JsonObject> {
  if (argument === undefined) return {};
  const value = await readJson(argument, option, io);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usage(`${option} takes a JSON object, not ${JSON.stringify(value).slice(0, 40)}`);
}

/** A JSON array. @throws json_invalid, file_unreadable, usage_invalid */
export async function readArray(argument: string, option: string, io: Io): Promise<readonly Json[]> {
  const value = await readJson(argument, option, io);
  if (Array.isArray(value)) return value;
  throw usage(`${option} takes a JSON array, not ${JSON.stringify(value).slice(0, 40)}`);
}

function isInline(argument: string): boolean {
  return /^\s*(?:[{["]|-?\d|(?:true|false|null)\s*$)/.test(argument);
}
