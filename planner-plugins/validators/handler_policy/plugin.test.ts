import { validatorConformance } from '../../../host/conformance/validator.ts';
import { VALID_PLAN } from '../../../testing/model_server/plans.ts';
import { suite } from '../../../testing/suite.ts';
import plugin from './plugin.ts';

const test = suite('handler_policy');

const step = (catalog: string) => ({ name: catalog.split('@')[0]!, handler: { catalog, config: {} } });
const template = { name: 'orders', steps: [step('http_request@^1'), step('transform'), step('aggregate')] };

validatorConformance(test, {
  plugin,
  handlers: { http_request: {}, transform: {}, aggregate: {} },
  cases: [
    { name: 'says nothing without rules', template, findings: [] },
    {
      name: 'denies handlers whatever is allowed',
      template,
      options: { allow: ['*'], deny: ['http_request', 'a*te'] },
      findings: ['handler_denied /steps/0/handler/catalog', 'handler_denied /steps/2/handler/catalog'],
    },
    {
      name: 'refuses what is not allowed',
      template,
      options: { allow: ['transform', 'http_*'] },
      findings: ['handler_not_allowed /steps/2/handler/catalog'],
    },
    {
      name: 'narrows single templates further',
      template,
      options: { templates: { orders: { allow: ['transform'] }, others: { deny: ['*'] } } },
      findings: ['handler_not_allowed /steps/0/handler/catalog', 'handler_not_allowed /steps/2/handler/catalog'],
    },
    {
      name: 'lets what holds for plans alone not touch templates',
      template,
      options: { planned: { deny: ['*'] } },
      findings: [],
    },
    {
      name: 'holds plans to the rules of plans',
      fragment: VALID_PLAN,
      options: { allow: ['transform'], planned: { deny: ['trans*'] } },
      findings: ['handler_denied /steps/0/handler/catalog'],
    },
    {
      name: 'matches a star from end to end only',
      template,
      options: { deny: ['http', 'request', 'a*x*te', 'transform*transform', 'h*p*t'] },
      findings: ['handler_denied /steps/0/handler/catalog'],
    },
  ],
});
