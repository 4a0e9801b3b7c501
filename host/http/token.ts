import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { WeftError } from '../../kernel/errors.ts';
import type { TokenConfig } from '../config/types.ts';

/** Shorter tokens can be guessed. */
const TOKEN_LENGTH_MIN = 16;

/** A named API token, kept as a hash. */
export interface Token {
  readonly name: string;
  readonly roles: readonly string[];
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

/**
 * Reads the tokens that the operator config names from their sources.
 * @throws token_unusable when a source is missing, empty, too short, or two tokens are the same
 */
export function loadTokens(configs: readonly TokenConfig[], env: NodeJS.ProcessEnv): readonly Token[] {
  const tokens = configs.map(({ name, roles, token }) => ({
    name,
    roles,
    digest: digestOf(readSource(name, token, env)),
  }));
  for (const [index, token] of tokens.entries()) {
    const twin = tokens.slice(0, index).find((other) => other.digest.equals(token.digest));
    if (twin !== undefined) {
      throw new WeftError('token_unusable', { name: token.name, problem: `"${twin.name}" has the same value` });
    }
  }
  return tokens;
}

/** The token with this value. Compares hashes in constant time, and all of them, so that time tells nothing. */
export function findToken(tokens: readonly Token[], presented: string): Token | undefined {
  const digest = digestOf(presented);
  let found: Token | undefined;
  for (const token of tokens) if (timingSafeEqual(token.digest, digest)) found = token;
  return found;
}

function readSource(name: string, source: TokenConfig['token'], env: NodeJS.ProcessEnv): string {
  const value = 'env' in source ? env[source.env] : readToken(name, source.file);
  const where = 'env' in source ? `the environment variable ${source.env}` : `the file ${source.file}`;
  if (value === undefined || value === '') {
    throw new WeftError('token_unusable', { name, problem: `${where} has no value` });
  }
  if (value.length < TOKEN_LENGTH_MIN || !/^[\x21-\x7e]+$/.test(value)) {
    const problem = `${where} needs at least ${TOKEN_LENGTH_MIN} printable ASCII characters without spaces`;
    throw new WeftError('token_unusable', { name, problem });
  }
  return value;
}

function readToken(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new WeftError('token_unusable', { name, problem: (cause as Error).message }, { cause });
  }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
