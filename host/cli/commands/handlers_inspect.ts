import { tier } from '../../../kernel/capability/tiers.ts';
import type { Inspection } from '../../handler_author/inspect.ts';
import { DIRECTORY_OPTION, sayingWhatIsWrong, sizeText, targetOf } from '../author.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../io.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';

/** Looks into a component. */
export const HANDLERS_INSPECT = command({
  name: 'handlers inspect',
  summary: 'Show what a component is: digest, world, modules, memories, what made it, its capability.',
  details: 'The bytes are read, and none of them run but `describe`, in a cell. JSON has the whole capability.',
  arguments: [{ name: 'FILE|DIR|NAME', doc: 'A handler, which is built first, or a component.' }],
  options: { ...DIRECTORY_OPTION, ...OUTPUT_OPTION, ...CONFIG_OPTION },
  examples: [
    { line: 'weft handlers inspect hello', doc: 'The component of handlers/hello.' },
    { line: 'weft handlers inspect ./price.wasm -o json', doc: 'All there is to know of a file.' },
  ],
  run: ({ args, options, io }) =>
    sayingWhatIsWrong(io, async () => {
      const { inspectComponent } = await import('../../handler_author/inspect.ts');
      const { buildTarget } = await import('../../handler_author/load.ts');
      const target = await targetOf(args[0]!, options, io);
      await buildTarget(target);
      const inspection = await inspectComponent(target);
      new Output(io, options.output).value({ ...inspection, tiers: tiersOf(inspection) }, () => text(inspection));
      return EXIT.ok.code;
    }),
});

/** What planners are shown of it, tier by tier; the third is the capability. */
function tiersOf({ digest, capability }: Inspection) {
  const entry = { name: capability.name, version: capability.version, digest, capability };
  return { 1: tier(entry, 1), 2: tier(entry, 2) };
}

function text(inspection: Inspection): string {
  const { path, digest, size_bytes, world, layout, engine, capability } = inspection;
  const { name, version, title, description, category, annotations, errors, resources, composition } = capability;
  const hints = Object.entries(annotations).flatMap(([hint, is]) => (is ? [hint] : []));
  const rows: readonly (readonly [string, string])[] = [
    ['handler', `${name}@${version}: ${title} (${category})`],
    ['', description.split('\n', 1)[0]!],
    ['file', path],
    ['digest', digest],
    ['size', `${sizeText(size_bytes)} (${size_bytes} bytes)`],
    ['hints', hints.join(', ') || 'none'],
    ['errors', errors.map(({ code, retryable }) => (retryable ? `${code} (retryable)` : code)).join(', ') || 'none'],
    [
      'resources',
      Object.entries(resources)
        .map(([key, value]) => `${key} ${value}`)
        .join(', '),
    ],
    ['examples', composition.examples.map((example) => example.title).join('; ') || 'none'],
    ['built by', engine ?? 'unknown: it has no manifest'],
    ...Object.entries(layout.producers).map(([field, values]) => [field, values.join(', ')] as const),
    ...layout.modules.map((module, index) => [`module ${index}`, moduleText(module)] as const),
  ];
  const lines = rows.map(([label, value]) => `${label.padEnd(12)} ${printable(value)}\n`);
  return `${lines.join('')}\n${world.split('\n').map(printable).join('\n')}`;
}

function moduleText({ size_bytes, memories }: Inspection['layout']['modules'][number]): string {
  const pages = memories.map(({ pages_min, pages_max }) => `memory of ${pages_min} to ${pages_max ?? 'any'} pages`);
  return [`${size_bytes} bytes`, ...pages].join(', ');
}
