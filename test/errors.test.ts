import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { readConfig } from '../src/config.ts';
import { messageOf } from '../src/errors.ts';
import { startWorker } from '../src/worker/worker.ts';
import { until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await stage.up();
});
test.after.always(() => stage?.close());

test('the message of whatever is thrown is its text', (t) => {
  t.is(messageOf(new Error('no room')), 'no room');
  t.is(messageOf({ code: '42P01', message: 'no such table', queue: 'reembed-batch' }), 'no such table');
  t.is(messageOf('plain'), 'plain');
  t.is(messageOf(new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('other')])), 'connect ECONNREFUSED ::1:5432');
  t.is(messageOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  t.is(messageOf({ reason: 7 }), '{ reason: 7 }');
  t.is(messageOf(new TypeError()), 'TypeError');
  t.is(messageOf(undefined), 'undefined');
});

test.serial('a worker says what is wrong with the queue', async (t) => {
  const said: string[] = [];
  const config = readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  const worker = await startWorker(stage.database, config, (line) => said.push(line));
  try {
    await stage.db.pool.query('ALTER SCHEMA reembed_queue RENAME TO reembed_queue_away');
    await until(() => said.some((line) => line.startsWith('queue: ')), 'an error of the queue');
    // Those who fetch jobs report theirs in another shape than the others.
    await sleep(2000);
  } finally {
    await stage.db.pool.query('ALTER SCHEMA reembed_queue_away RENAME TO reembed_queue');
    await worker.stop();
  }
  for (const line of said.filter((candidate) => candidate.startsWith('queue: '))) t.regex(line, /reembed_queue\b.+ does not exist$/);
});

test.serial('a command whose output nobody reads any more ends as it would otherwise', async (t) => {
  const cases = [
    { args: ['status', '--json'], closed: 'stdout', open: 'stderr' },
    { args: ['migrate', 'up'], closed: 'stderr', open: 'stdout' },
  ] as const;
  for (const { args, closed, open } of cases) {
    const child = stage.workplace.start([...args]);
    let talk = '';
    child[open]?.on('data', (chunk) => {
      talk += chunk;
    });
    child[closed]?.destroy();
    t.is(await exitOf(child), 0, closed);
    t.regex(talk, closed === 'stdout' ? /^database: .*\n$/ : /^$/, closed);
  }
});
