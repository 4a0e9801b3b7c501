import { handlerCases } from '../../testing/handler_cases.ts';

handlerCases('aggregate');
