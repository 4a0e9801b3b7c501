import type { Plugin } from 'weft/plugin';
import { pointerOf } from 'weft/plugin';

/** A plugin of a project that has Weft as a package: refuses templates whose name does not say who owns them. */
const owners: Plugin = {
  name: 'owners',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: { type: 'object' },
  apply(hooks) {
    hooks.validatePolicy.tap((review, report) => {
      if (review.name?.includes('.')) return;
      report({ code: 'no_owner', pointer: pointerOf(['name']), message: 'the name does not begin with an owner' });
    });
  },
};
export default owners;
