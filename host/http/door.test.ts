import type { IncomingHttpHeaders } from 'node:http';
import { WeftError } from '../../kernel/errors.ts';
import { assert, suite } from '../../testing/suite.ts';
import { authorize, networkDoor, privateDoor } from './door.ts';
import type { Access } from './route.ts';
import { loadTokens } from './token.ts';

const test = suite('who may use the API');

const env = { ROBOT: 'robot-token-0123456789', BOSS: 'boss-token-0123456789', SHORT: 'short' };
const tokens = loadTokens(
  [
    { name: 'robot', roles: ['submit'], token: { env: 'ROBOT' } },
    { name: 'boss', roles: ['manager'], token: { env: 'BOSS' } },
  ],
  env,
);

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    assert.instance(error, WeftError);
    return (error as WeftError).code;
  }
}

const localDoor = networkDoor({ bind: '127.0.0.1', tokens, allowed_hosts: ['weft.internal'] });
const local = (headers: IncomingHttpHeaders) => localDoor.admit({ host: '127.0.0.1:7700', ...headers });
const openDoor = networkDoor({ bind: '0.0.0.0', tokens, allowed_hosts: [] });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a token gives a name and roles', () => {
  const { principal, roles } = local(bearer(env.ROBOT));
  assert.equal([principal, roles], ['robot', ['submit']]);
});

test('a wrong token is refused, also where none is needed', () => {
  assert.is(
    codeOf(() => local(bearer('robot-token-9876543210'))),
    'unauthorized',
  );
  assert.is(
    codeOf(() => local({ authorization: 'Basic cm9ib3Q=' })),
    'unauthorized',
  );
});

test('on the loopback whoever is on this machine may read without a token, and no more', () => {
  const caller = local({});
  assert.is(
    codeOf(() => authorize(caller, 'read')),
    'ok',
  );
  for (const access of ['submit', 'operate', 'signal'] as const) {
    assert.is(
      codeOf(() => authorize(caller, access)),
      'unauthorized',
      access,
    );
  }
});

test('what a proxy passes on or a public name reaches needs a token to read', () => {
  assert.is(
    codeOf(() => local({ 'x-forwarded-for': '203.0.113.7' })),
    'unauthorized',
  );
  assert.is(
    codeOf(() => local({ forwarded: 'for=203.0.113.7' })),
    'unauthorized',
  );
  assert.is(
    codeOf(() => local({ host: 'weft.internal' })),
    'unauthorized',
  );
  assert.is(local({ host: 'weft.internal', ...bearer(env.BOSS) }).principal, 'boss');
});

test('off the loopback nothing goes without a token', () => {
  assert.is(
    codeOf(() => openDoor.admit({ host: '10.0.0.5:7700' })),
    'unauthorized',
  );
  assert.is(
    codeOf(() => openDoor.admit({ host: 'localhost:7700' })),
    'unauthorized',
  );
  assert.is(openDoor.admit({ host: '10.0.0.5:7700', ...bearer(env.BOSS) }).principal, 'boss');
});

test('a name that was led to this address (DNS rebinding) is not answered', () => {
  assert.is(
    codeOf(() => local({ host: 'evil.example:7700', ...bearer(env.ROBOT) })),
    'host_not_allowed',
  );
  assert.is(
    codeOf(() => localDoor.admit({})),
    'host_not_allowed',
  );
  assert.is(
    codeOf(() => local({ host: 'LOCALHOST:7700' })),
    'ok',
  );
  assert.is(
    codeOf(() => local({ host: '[::1]:7700' })),
    'ok',
  );
});

test('pages of other origins are not answered', () => {
  const own = 'http://127.0.0.1:7700';
  assert.is(
    codeOf(() => local({ origin: own })),
    'ok',
  );
  for (const origin of ['https://evil.example', 'http://127.0.0.1:7701', 'null', 'http://localhost:7700']) {
    assert.is(
      codeOf(() => local({ origin })),
      'origin_not_allowed',
      origin,
    );
  }
  assert.is(
    codeOf(() => privateDoor('ada').admit({ origin: own, host: 'localhost' })),
    'origin_not_allowed',
  );
});

test('over the network nobody chooses a name', () => {
  assert.is(
    codeOf(() => local({ 'weft-principal': 'boss', ...bearer(env.ROBOT) })),
    'identity_forbidden',
  );
  assert.is(
    codeOf(() => local({ 'weft-roles': 'admin' })),
    'identity_forbidden',
  );
});

test('on the private socket callers say who they are', () => {
  const door = privateDoor('ada');
  assert.equal(door.admit({}), { principal: 'ada', roles: ['admin'], anonymous: false });
  const named = door.admit({ 'weft-principal': 'grace', 'weft-roles': 'manager,finance' });
  assert.equal(named, { principal: 'grace', roles: ['manager', 'finance'], anonymous: false });
  assert.is(
    codeOf(() => door.admit({ 'weft-principal': 'a\tb' })),
    'request_invalid',
  );
  assert.is(
    codeOf(() => door.admit({ 'weft-roles': 'manager,,x' })),
    'request_invalid',
  );
});

test('roles grant what they say', () => {
  const granted = (role: string): readonly Access[] =>
    (['read', 'submit', 'operate', 'signal'] as const).filter(
      (access) => codeOf(() => authorize({ principal: 'x', roles: [role], anonymous: false }, access)) === 'ok',
    );
  assert.equal(granted('admin'), ['read', 'submit', 'operate', 'signal']);
  assert.equal(granted('operate'), ['read', 'operate', 'signal']);
  assert.equal(granted('submit'), ['read', 'submit', 'signal']);
  assert.equal(granted('read'), ['read', 'signal']);
  assert.equal(granted('manager'), ['signal']);
});

test('tokens that are missing, short or shared are refused at start', () => {
  const load = (...names: string[]) =>
    codeOf(() =>
      loadTokens(
        names.map((name) => ({ name, roles: [], token: { env: name } })),
        env,
      ),
    );
  assert.is(load('ROBOT', 'BOSS'), 'ok');
  assert.is(load('MISSING'), 'token_unusable');
  assert.is(load('SHORT'), 'token_unusable');
  assert.is(load('ROBOT', 'ROBOT'), 'token_unusable');
  const file = { name: 'f', roles: [], token: { file: '/nonexistent/token' } };
  assert.is(
    codeOf(() => loadTokens([file], env)),
    'token_unusable',
  );
});
