import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestTypes } from './guest_types.ts';
import { packagePath } from './package_path.ts';

// Rewrites wit/generated/ after a change of a WIT package: node host/toolchain/generate_guest_types.ts

const directory = join(packagePath('wit'), 'generated');
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory);
for (const [name, text] of await guestTypes()) writeFileSync(join(directory, name), text);
