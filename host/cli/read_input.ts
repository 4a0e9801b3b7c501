import { buffer } from 'node:stream/consumers';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { parseJsonText } from '../http/json_text.ts';
import { readTextFile, textOf } from '../text.ts';
import type { TemplateFile } from './client.ts';
import type { Io } from './io.ts';
import { usage } from './parse.ts';

const STANDARD_INPUT = 'standard input';

/** The text of a file, or of standard input for `-`. @throws file_unreadable */
export async function readText(file: string, io: Io): Promise<string> {
  return file === '-' ? textOf(await buffer(io.stdin), STANDARD_INPUT) : readTextFile(file);
}

/** A template file. @throws file_unreadable */
export async function readTemplate(file: string, io: Io): Promise<TemplateFile> {
  return { template: await readText(file, io), file: file === '-' ? STANDARD_INPUT : file };
}

/**
 * A JSON value given as itself, in a file, or on standard input as `-`. What begins like JSON is JSON; a file whose
 * name does is written as `./name`.
 * @throws json_invalid, file_unreadable
 */
export async function readJson(argument: string, option: string, io: Io): Promise<Json> {
  if (isInline(argument)) return parseJsonText(argument, { subject: option, file: option });
  const file = argument === '-' ? STANDARD_INPUT : argument;
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
