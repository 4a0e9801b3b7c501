// Every line here is wrong. If the package lost its types, none would be, and the type check would say that.
import { loadConfig, startWeft } from 'weft';
import { complete, defineHandler } from 'weft/guest';
import { send } from 'weft/guest/http';
import type { Plugin } from 'weft/plugin';

// @ts-expect-error: a config is an object
loadConfig({ file: 1 });
// @ts-expect-error: it wants a logger
startWeft(await loadConfig(), {});
// @ts-expect-error: a result is JSON
complete(() => 1);
// @ts-expect-error: an attempt is a number
defineHandler({ capability: {}, run: ({ attempt }) => complete(attempt.trim()) });
// @ts-expect-error: a request has a URL
send({ method: 'GET' });
// @ts-expect-error: a plugin has a name
export const plugin: Plugin = { version: '1.0.0', kernel: '^1', optionsSchema: {}, apply() {} };
