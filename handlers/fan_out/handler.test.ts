import { handlerCases } from '../../testing/handler_cases.ts';

handlerCases('fan_out');
