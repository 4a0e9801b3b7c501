import { fixtureComponent } from '../../host/sandbox/fixtures/components.ts';
import type { Expected, HostileComponent } from './hostile_component.ts';

const MALFORMED: Expected = { fails: 'output_malformed' };

/** What the probe, a handler in JavaScript on a whole engine, can be told to do to itself. */
export const SCRIPTS: readonly HostileComponent[] = [
  told('loops', { do: 'loop' }, 'timeout'),
  told('keeps everything', { do: 'hoard' }, 'memory_exceeded'),
  told('recurses', { do: 'recurse' }, 'trap'),
  told('throws what is no failure', { do: 'throw' }, 'trap'),
  told('asks for the time of the machine', { do: 'trap' }, 'trap'),
  gives('nothing', '', MALFORMED),
  gives('no JSON', 'not JSON', MALFORMED),
  gives('NaN', 'NaN', MALFORMED),
  gives('a number without end', '[1e999]', MALFORMED),
  gives('half a character', '"\\ud800"', { completes: '\ud800' }),
  gives('lists 100 deep', '['.repeat(100) + ']'.repeat(100), MALFORMED),
  gives('objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, MALFORMED),
  gives('a prototype', '{"__proto__":{"polluted":true}}', MALFORMED),
  gives('a prototype further down', '[{"a":{"__proto__":null}}]', MALFORMED),
  gives('a constructor', '{"constructor":{"prototype":{"polluted":true}}}', {
    completes: { constructor: { prototype: { polluted: true } } },
  }),
  told('gives two megabytes', { do: 'huge', bytes: 2 * 1024 * 1024 }, 'output_too_large'),
  told('logs four megabytes', { do: 'shout', bytes: 4 * 1024 * 1024 }, 'output_too_large'),
];

function told(what: string, config: Readonly<Record<string, string | number>>, fails: string): HostileComponent {
  const during = { config, ...(fails === 'timeout' ? { timeout_ms: 1_000 } : {}) };
  return { name: `script: ${what}`, build: () => fixtureComponent('probe'), expected: { fails, during } };
}

/** A result that is this text, whatever it is. */
function gives(what: string, text: string, expected: Expected): HostileComponent {
  const during = { config: { do: 'raw', text } };
  const build = () => fixtureComponent('probe');
  return { name: `script: gives ${what}`, build, expected: { ...expected, during } as Expected };
}
