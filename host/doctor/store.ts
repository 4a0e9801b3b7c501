import { inspectStore } from '../store/sqlite/inspect.ts';
import { type Finding, fail, messageOf, ok, warn } from './finding.ts';

/** A clock that is behind by less may be another machine's. */
const BEHIND_MS_MAX = 60_000;

/** Whether the store can be opened, whose it is, and whether the clock fits what is in it. */
export function checkStore(path: string, serverAnswers: boolean, now: number): readonly Finding[] {
  try {
    const found = inspectStore(path);
    if (found === undefined) return [ok('store', `${path}, made when needed`), clock(null, now)];
    const { schema, schema_known, tasks, newest_task_at, holder } = found;
    const upgraded = schema < schema_known ? `, brought to schema ${schema_known} when it is opened` : '';
    return [
      ok('store', `${path}: schema ${schema}, ${tasks} ${tasks === 1 ? 'task' : 'tasks'}${upgraded}`),
      lock(holder, serverAnswers),
      clock(newest_task_at, now),
    ];
  } catch (error) {
    const advice = 'restore the file from a backup, or set store.path (WEFT_STORE_PATH) to another';
    return [fail('store', messageOf(error), advice)];
  }
}

function lock(holder: string | null, serverAnswers: boolean): Finding {
  if (holder === null) return ok('store_lock', 'nobody owns the store');
  if (serverAnswers) return ok('store_lock', `${holder} owns the store`);
  const advice = `wait until ${holder} has started or stopped; if it does neither, look at it and end it`;
  return warn('store_lock', `${holder} owns the store and does not answer`, advice);
}

/** Timers are absolute: a clock that is wrong lets them fire early, late, or not at all. */
function clock(newest_task_at: number | null, now: number): Finding {
  const time = new Date(now).toISOString();
  if (newest_task_at === null || now >= newest_task_at - BEHIND_MS_MAX) return ok('clock', time);
  const found = `${time} is before the newest task (${new Date(newest_task_at).toISOString()})`;
  return warn('clock', found, 'set the clock, or let NTP set it: retries and deadlines wait for it to catch up');
}
