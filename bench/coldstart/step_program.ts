/**
 * Performs steps natively in a thread or a process of its own: imports the script whose path it is given, and answers each
 * step that it is sent by the outcome.
 */
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { GuestHandler } from '../../handlers/guest/index.ts';
import type { StepRecord } from '../../host/sandbox/cell/messages.ts';

const path: string = isMainThread ? process.argv[2]! : workerData;
const { handler } = (await import(pathToFileURL(path).href)) as { handler: GuestHandler };
const perform = (step: StepRecord): unknown => handler.run(step);

if (isMainThread) process.on('message', (step) => process.send!(perform(step as StepRecord)));
else parentPort!.on('message', (step: StepRecord) => parentPort!.postMessage(perform(step)));
