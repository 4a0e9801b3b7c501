/**
 * JSONata 2.2.2 evaluates with promises, which a guest cannot pump and which cost time. This rewrites its source
 * into one that gives the same answers synchronously, bounded in steps and depth. Every patch asserts that it
 * applied, so that another version of JSONata fails the build instead of changing behaviour.
 */

interface Patch {
  /** What the patch is for; part of the error when it does not apply. */
  readonly purpose: string;
  readonly find: string | RegExp;
  readonly replace: string;
  /** How often `find` occurs. */
  readonly count: number;
}

/** So deep may brackets, operators and calls nest in the text of an expression; each costs the parser stack. */
const NESTING_MAX = 250;

const PATCHES: readonly Patch[] = [
  {
    purpose: 'merge by a loop: the original recurses, and copies, once per element',
    find: /var merge_iter = async function[\s\S]*?await merge_iter\(merged, l, r\);\n/g,
    replace: `var merged = [], i = 0, j = 0;
            while (i < l.length && j < r.length) merged.push(comp(l[i], r[j]) ? r[j++] : l[i++]);
            while (i < l.length) merged.push(l[i++]);
            while (j < r.length) merged.push(r[j++]);
`,
    count: 1,
  },
  { purpose: 'call functions without promises', find: /\basync (?=function\b|\()/g, replace: '', count: 45 },
  { purpose: 'use results without waiting', find: /\bawait /g, replace: '', count: 101 },
  { purpose: 'evaluate lists in order', find: /\bPromise\.all\(/g, replace: '(', count: 2 },
  {
    purpose: 'count steps instead of reading the clock',
    find: 'const time = Date.now();',
    replace: 'let steps = 0;',
    count: 1,
  },
  {
    purpose: 'bound steps instead of time',
    find: 'Date.now() - time > options.timeout',
    replace: '++steps > options.timeout',
    count: 1,
  },
  {
    purpose: 'count built-ins called in tail position towards the depth',
    find: 'result = applyInner(next, evaluatedArgs, input, environment);',
    replace: `environment.base.depth++;
            environment.base.guardrails();
            result = applyInner(next, evaluatedArgs, input, environment);
            environment.base.depth--;`,
    count: 1,
  },
  {
    purpose: 'look no hooks of debuggers up, twice per step through every frame',
    find: /var (entry|exit|framePush)Callback = .*\n\s+if\s?\(\1Callback\) \{\n.*\n\s+\}/g,
    replace: '',
    count: 3,
  },
  {
    purpose: 'bound all sequences of an evaluation by one function instead of one each',
    find: /exec_env\.createSequence = function\(\) \{\n(.*\n.*\n)\s+sequence\.push = (function[\s\S]*?)sequence\.length([\s\S]*?)apply\(sequence, items\)/g,
    replace:
      'let bounded;\nexec_env.createSequence = function() {\n$1sequence.push = bounded ??= $2this.length$3apply(this, items)',
    count: 1,
  },
  {
    purpose: 'bound the nesting of what is parsed',
    find: /var expression = function \(rbp\) \{\n([\s\S]*?)( +)return left;/g,
    replace: `let nesting = 0;
        const nest = () => {
            if (++nesting > ${NESTING_MAX}) {
                throw {code: 'E0003', message: 'it nests more than ${NESTING_MAX} deep', position: node && node.position};
            }
        };
        var expression = function (rbp) {
            nest();
$1$2nesting--;
$2return left;`,
    count: 1,
  },
  {
    purpose: 'bound the nesting of the tree that operators make',
    find: /(var processAST = function \(expr\) \{\n)([\s\S]*?)( +return result;\n {8}\};)/g,
    replace: '$1nest();\n$2nesting--;\n$3',
    count: 1,
  },
  {
    purpose: 'remove $eval: expressions are reviewed text, never data',
    find: "staticFrame.bind('eval', defineFunction(functionEval, '<sx?:x>'));",
    replace: '',
    count: 1,
  },
  {
    purpose: 'ask for the time only in $now, $millis and $toMillis',
    find: 'var timestamp = new Date(); // will be overridden on each call to evalute()',
    replace: 'var timestamp = { getTime: () => Date.now() };',
    count: 1,
  },
  {
    purpose: 'ask for the time only in $toMillis',
    find: /timestamp = new Date\(\);\s+exec_env\.timestamp = timestamp;/g,
    replace: "Object.defineProperty(exec_env, 'timestamp', { get: () => new Date() });",
    count: 1,
  },
  {
    purpose: 'inherit the time without asking for it',
    find: 'timestamp: enclosingEnvironment ? enclosingEnvironment.timestamp : null,',
    replace: 'get timestamp() { return enclosingEnvironment.timestamp; },',
    count: 1,
  },
];

/** @throws Error when a patch does not apply as often as it must: the JSONata version is not the one it was made for */
export function makeSynchronous(source: string): string {
  return PATCHES.reduce(apply, source);
}

function apply(source: string, { purpose, find, replace, count }: Patch): string {
  const found = typeof find === 'string' ? source.split(find).length - 1 : [...source.matchAll(find)].length;
  if (found !== count) {
    throw new Error(
      `jsonata is not the version its patches were made for: "${purpose}" applies ${found} times, not ${count}`,
    );
  }
  return source.replaceAll(find, replace);
}
