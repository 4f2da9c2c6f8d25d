import { once } from 'node:events';
import test from 'ava';
import { until } from './harness/campaign.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 50);
  await stage.bring(await stage.createUsual(), 'index');
});
test.after.always(() => stage.close());

const ask = async (text: string) => (await stage.db.pool.query(text)).rows[0];

test.serial('a running worker keeps watch by the schedule of the queue, and stops at once when asked to', async (t) => {
  t.deepEqual(await ask("SELECT cron FROM reembed_queue.schedule WHERE name LIKE 'watch%'"), { cron: '* * * * *' });
  await stage.db.pool.query("UPDATE reembed.setting SET alert_after = '0', max_failed_rows = 0");
  await stage.db.pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) SELECT name, '{"id": 1}', 'new-model', 'refused', 'no' FROM reembed.target`,
  );
  const worker = stage.workplace.start(['worker']);
  let talk = '';
  worker.stderr?.on('data', (chunk) => {
    talk += chunk;
  });
  await until(async () => (await ask('SELECT count(*)::int AS alerts FROM reembed.alert')).alerts === 1, 'an alert', 100);
  worker.kill('SIGTERM');
  const [code] = await once(worker, 'exit');
  t.is(code, 0, talk);
  t.regex(talk, /alert failed_rows \(warning\) opened/);
  t.notRegex(talk, /queue:/);
});

test.serial('a worker that a command waits for does not run the watch', async (t) => {
  await stage.db.pool.query('DELETE FROM reembed.watch_memory');
  const { code, stderr } = await stage.workplace.run(['worker', '--drain']);
  t.is(code, 0, stderr);
  t.is((await ask('SELECT count(*)::int AS checks FROM reembed.watch_memory')).checks, 0);
});
