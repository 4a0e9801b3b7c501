import { assert, suite } from '../../testing/suite.ts';
import { linkTarget } from './links.ts';

const test = suite('Link fields');
const next = (...fields: string[]) => linkTarget(fields, 'next');

test('the target of the relation is found among several', () => {
  assert.is(next('</a?page=1>; rel="prev", </a?page=3>; rel="next"'), '/a?page=3');
  assert.is(next('</a>; rel=prev', '</b>; rel=next'), '/b');
});

test('commas and semicolons in targets and quoted parameters are text', () => {
  assert.is(next('</a,b;c>; title="x, </no>; rel=next; \\" y"; rel="next"'), '/a,b;c');
});

test('one link may have several relations, in any case', () => {
  assert.is(next('</a>; REL="last NEXT"'), '/a');
});

test('the first rel parameter counts', () => {
  assert.is(next('</a>; rel="prev"; rel="next"'), undefined);
});

test('a link about another resource is passed over', () => {
  assert.is(next('</a>; rel=next; anchor="#x", </b>; rel=next'), '/b');
});

test('parameters without a value, spaces and empty elements are allowed', () => {
  assert.is(next(' , <  /a > ; crossorigin ;rel = next ,'), '/a');
});

test('what is malformed gives no link', () => {
  for (const field of ['', 'next', '</a; rel=next', '/a; rel=next', '</a>', '</a>; rel="next']) {
    assert.is(next(field), undefined, field);
  }
});

test('an empty target is the page itself', () => assert.is(next('<>; rel=next'), ''));
