import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { findBigNumbers, isBig, quoteNumbers } from './big_numbers.ts';

const test = suite('big numbers');

/** What the two rules say, in exact arithmetic. */
function isBigByReference(literal: string): boolean {
  const limit = 2n ** 53n;
  if (/^-?\d+$/.test(literal)) return BigInt(literal) > limit || BigInt(literal) < -limit;
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = Number(exponent) - fraction.length;
  const scaled = BigInt(whole + fraction) * 10n ** BigInt(Math.max(scale, 0));
  const divisor = 10n ** BigInt(Math.max(-scale, 0));
  const beyond = scaled > limit * divisor || scaled < -limit * divisor;
  const value = Number(literal);
  if (!beyond) return false;
  if (!Number.isFinite(value)) return true;
  // Beyond 2^53 every double is an integer, and `toString` writes its shortest digits.
  const [shortest = '', shift = '0'] = String(value).split('e');
  const [digits = '', rest = ''] = shortest.split('.');
  return scaled !== BigInt(digits + rest) * 10n ** BigInt(Number(shift) - rest.length) * divisor;
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^(0|[1-9]\\d{0,${max}})$`));
const literals = fc.oneof(
  fc.tuple(fc.constantFrom('', '-'), digits(24)).map((parts) => parts.join('')),
  fc.bigInt(2n ** 53n - 4n, 2n ** 53n + 4n).map(String),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      digits(20),
      fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,8}$/)),
      fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?\d{1,3}$/)),
    )
    .map((parts) => parts.join('')),
);

test('a literal is big exactly when exact arithmetic says so', () => {
  fc.assert(
    fc.property(literals, (literal) => isBig(literal) === isBigByReference(literal)),
    { numRuns: 3000 },
  );
});

for (const [literal, big] of [
  ['9007199254740992', false],
  ['-9007199254740992', false],
  ['9007199254740993', true],
  ['9007199254740994', true],
  ['-9007199254740993', true],
  ['1180591620717411303424', true],
  ['9007199254740993.0', true],
  ['9007199254740992.0', false],
  ['9.007199254740993e15', true],
  ['1e16', false],
  ['6.02214076e23', false],
  ['1e400', true],
  ['-1e400', true],
  ['1e-400', false],
  ['0.1000000000000000055511151231257827', false],
  ['12345678901234567890e-10', false],
] as const) {
  test(`${literal} is ${big ? 'big' : 'kept'}`, () => assert.is(isBig(literal), big));
}

/** A JSON value in which big literals stand for themselves, as text and with where they are. */
interface Sample {
  readonly text: string;
  readonly big: readonly { readonly pointer: string; readonly literal: string }[];
}

const nothing = fc.constantFrom('', ' ', '\n\t');
const leaf: fc.Arbitrary<Sample> = fc.oneof(
  literals.map((literal) => ({ text: literal, big: isBigByReference(literal) ? [{ pointer: '', literal }] : [] })),
  fc.string({ unit: 'binary' }).map((text) => ({ text: JSON.stringify(text), big: [] })),
  fc
    .constantFrom('"9007199254740993"', '"\\\\"', '"\\"9007199254740993"', '"[{,:1e999"', 'null', 'true')
    .map((text) => ({ text, big: [] })),
);
const samples = fc.letrec<{ value: Sample }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(nothing, fc.array(tie('value'), { maxLength: 4 })).map(([space, items]) => ({
      text: `[${space}${items.map((item) => item.text).join(`${space},`)}]`,
      big: items.flatMap((item, index) => below(String(index), item)),
    })),
    fc
      .tuple(nothing, fc.uniqueArray(fc.tuple(fc.string(), tie('value')), { maxLength: 4, selector: ([name]) => name }))
      .map(([space, entries]) => ({
        text: `{${entries.map(([name, item]) => `${JSON.stringify(name)}${space}:${space}${item.text}`).join(',')}}`,
        big: entries.flatMap(([name, item]) => below(name, item)),
      })),
  ),
})).value;

function below(name: string, item: Sample): Sample['big'] {
  const part = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return item.big.map((big) => ({ ...big, pointer: `/${part}${big.pointer}` }));
}

test('the scan finds every big literal, with its pointer, and nothing else', () => {
  fc.assert(
    fc.property(samples, ({ text, big }) => {
      JSON.parse(text);
      assert.equal(
        findBigNumbers(text).map(({ pointer, literal }) => ({ pointer, literal })),
        big,
      );
    }),
    { numRuns: 2000 },
  );
});

test('quoting changes the big literals into strings and leaves every other byte', () => {
  fc.assert(
    fc.property(samples, ({ text }) => {
      const numbers = findBigNumbers(text);
      const quoted = quoteNumbers(text, numbers);
      JSON.parse(quoted);
      assert.equal(findBigNumbers(quoted), []);
      assert.is(quoted.length, text.length + 2 * numbers.length);
    }),
    { numRuns: 1000 },
  );
});
