import { once } from 'node:events';
import { createServer } from 'node:net';
import type { OperatorConfig } from '../config/types.ts';
import { openNetworkDoor } from '../http/serve.ts';
import { type Finding, fail, messageOf, ok, warn } from './finding.ts';

/** Whether the API could listen where the config says, and whom it would let in. */
export async function checkApi(
  api: OperatorConfig['api'],
  serverAnswers: boolean,
  env: NodeJS.ProcessEnv,
): Promise<readonly Finding[]> {
  return [await checkPort(api, serverAnswers), checkDoor(api, env)];
}

async function checkPort({ host, port }: OperatorConfig['api'], serverAnswers: boolean): Promise<Finding> {
  if (port === 0) return ok('port', 'any that is free');
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return ok('port', `${host}:${port} is free`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' && serverAnswers) return ok('port', `${host}:${port} is taken, while Weft runs`);
    const found = code === 'EADDRINUSE' ? `${host}:${port} is taken by another program` : messageOf(error);
    return warn(
      'port',
      found,
      '`weft serve` cannot listen there: set api.host and api.port, or give --host and --port',
    );
  } finally {
    server.close();
  }
}

function checkDoor(api: OperatorConfig['api'], env: NodeJS.ProcessEnv): Finding {
  try {
    openNetworkDoor(api, env);
    const { length } = api.tokens;
    return ok('api_tokens', length === 0 ? 'none: over TCP only reading is possible' : `${length} usable`);
  } catch (error) {
    return fail('api_tokens', messageOf(error), 'give the tokens their values, or take them out of api.tokens');
  }
}
