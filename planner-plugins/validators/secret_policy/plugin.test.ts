import { validatorConformance } from '../../../host/conformance/validator.ts';
import { VALID_PLAN } from '../../../testing/model_server/plans.ts';
import { suite } from '../../../testing/suite.ts';
import plugin from './plugin.ts';

const test = suite('secret_policy');

const configSchema = { type: 'object', properties: { auth: { type: 'string', 'x-weft-secret': true } } };
const step = (catalog: string, auth: string) => ({ name: catalog, handler: { catalog, config: { auth } } });
const template = {
  name: 'orders',
  secrets: ['TOKEN', 'OTHER'],
  steps: [step('http_request', '${secrets.TOKEN}'), step('notify', 'Bearer ${secrets.TOKEN}')],
};
const [make] = VALID_PLAN.steps;
const fragment = { ...VALID_PLAN, steps: [{ ...make, handler: step('notify', '${secrets.TOKEN}').handler }] };

validatorConformance(test, {
  plugin,
  handlers: { http_request: { configSchema }, notify: { configSchema } },
  cases: [
    { name: 'finds secrets that nobody uses', template, findings: ['secret_unused /secrets/1'] },
    { name: 'says nothing of them when asked to', template, options: { unused: 'ignore' }, findings: [] },
    {
      name: 'says nothing of a secret that a plan may use',
      template: {
        ...template,
        secrets: ['TOKEN', 'OTHER'],
        steps: [...template.steps, { name: 'plan', type: 'planning' }],
      },
      findings: [],
    },
    {
      name: 'lets only some templates have a secret',
      template,
      options: { unused: 'ignore', secrets: { TOKEN: { templates: ['refunds'] }, OTHER: { templates: ['orders'] } } },
      findings: ['secret_denied /secrets/0'],
    },
    {
      name: 'lets only some handlers use a secret, wherever they refer to it',
      template,
      options: { unused: 'ignore', secrets: { TOKEN: { handlers: ['http_request'] } } },
      findings: ['secret_handler /steps/1/handler/config/auth'],
    },
    {
      name: 'denies what is not listed when asked to, once for each',
      template,
      options: { unlisted: 'deny', secrets: { TOKEN: {} } },
      findings: ['secret_denied /secrets/1'],
    },
    { name: 'lets plans use what their template may', fragment, findings: [] },
    {
      name: 'keeps a secret from plans',
      fragment,
      options: { secrets: { TOKEN: { planned: false } } },
      findings: ['secret_denied /steps/0/handler/config/auth'],
    },
    {
      name: 'denies plans what is not listed when asked to',
      fragment,
      options: { unlisted: 'deny' },
      findings: ['secret_denied /steps/0/handler/config/auth'],
    },
  ],
});
