import { resolve } from 'node:path';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { GRANTABLE_IMPORTS, type GrantableImport, type HandlerGrant } from '../config/types.ts';

const INTERFACES: Readonly<Record<GrantableImport, string>> = {
  clock: 'weft:clock/wall-clock',
  http: 'weft:http/client',
  log: 'weft:log/logger',
  mail: 'weft:mail/sender',
};

/** What every component may import: neither leads out of the process. */
const ALWAYS: readonly GrantableImport[] = ['clock', 'log'];

/** What a handler may import that its directory's owner wrote, and the imports that it has. */
export interface Importing {
  readonly name: string;
  /** As `weft:http/client@1.0.0`. */
  readonly imports: readonly string[];
  /** Where its file is. */
  readonly directory: string;
}

/** One diagnostic for each import that no grant covers. */
export function importsNotGranted(
  { name, imports, directory }: Importing,
  grants: readonly HandlerGrant[],
): readonly Diagnostic[] {
  const covering = grants.filter(
    (grant) =>
      (grant.handlers === undefined || grant.handlers.includes(name)) &&
      (grant.directory === undefined || resolve(grant.directory) === resolve(directory)),
  );
  const granted = new Set([...ALWAYS, ...covering.flatMap((grant) => grant.imports)].map((each) => INTERFACES[each]));
  return imports
    .filter((each) => !granted.has(each.split('@')[0]!))
    .map((each) => {
      const short = GRANTABLE_IMPORTS.find((one) => each.startsWith(`${INTERFACES[one]}@`)) ?? each;
      return diagnose('handler_import_not_granted', {
        pointer: '/imports',
        message: `handler "${name}" imports ${each}, which is not granted to it`,
        got: each,
        suggestion: `if you trust it with that, add to the operator config: handlers: { grants: [{ imports: [${short}], handlers: [${name}] }] }`,
      });
    });
}
