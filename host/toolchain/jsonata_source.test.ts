import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assert, suite } from '../../testing/suite.ts';
import { makeSynchronous } from './jsonata_source.ts';

const test = suite('synchronous jsonata source');

const original = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8');

test('leaves nothing asynchronous, no clock at compile time and no $eval', () => {
  const source = makeSynchronous(original);
  assert.not.match(source, /\bawait\b|\basync (function|\()|Promise\.all/);
  assert.not.match(source, /staticFrame\.bind\('eval'/);
  assert.not.match(source, /var timestamp = new Date\(\)/);
});

test('refuses a source that any patch does not fit', () => {
  assert.throws(
    () => makeSynchronous(makeSynchronous(original)),
    /jsonata is not the version its patches were made for/,
  );
  assert.throws(() => makeSynchronous(original.replace('Date.now() - time', 'Date.now() - start')), /bound steps/);
  assert.throws(() => makeSynchronous(`${original}\nawait more();`), /"use results without waiting" applies 102 times/);
});
