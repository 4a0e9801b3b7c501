/** Weft as a library: an engine in this process, and what it takes to configure and use one. */

export { type ErrorCode, WeftError } from '../kernel/errors.ts';
export * from '../kernel/index.ts';
export { type StartOptions, startWeft, type Weft } from './compose.ts';
export { type LoadOptions, loadConfig } from './config/load.ts';
export type { OperatorConfig } from './config/types.ts';
export type { Actor, Engine, StepView, Submission, TaskView, TemplateSource } from './orchestrator/port.ts';
