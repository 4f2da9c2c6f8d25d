import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 20);
  await stage.bring(await stage.createUsual(), 'expand');
});
test.after.always(() => stage?.close());

test.serial('setting shows every name whole, and intervals as they are written', async (t) => {
  const { code, stderr } = await stage.workplace.run(['setting']);
  t.is(code, 0, stderr);
  for (const name of ['max_replica_lag_bytes', 'max_wal_backlog_bytes', 'auto_revert']) t.true(stderr.includes(` ${name} `), stderr);
  t.regex(stderr, /soak +│ 7 days/);
  t.regex(stderr, /alert_after +│ 00:01:00/);
});

test.serial('after a change setting shows what was changed, and nothing else', async (t) => {
  const { code, stderr } = await stage.workplace.run(['setting', 'soak=2 days', 'requests_per_minute=']);
  t.is(code, 0, stderr);
  t.regex(stderr, /soak +│ 2 days/);
  t.regex(stderr, /requests_per_minute/);
  t.notRegex(stderr, /min_overlap/);
});

test.serial('as JSON all settings are there, with intervals as programs read them', async (t) => {
  const { stdout } = await stage.workplace.run(['setting', '--json', 'soak=3 days']);
  const settings = JSON.parse(stdout) as Record<string, unknown>;
  t.is(settings.soak, 'P3D');
  t.is(settings.min_index_recall, 0.95);
  const one = await stage.workplace.run(['setting', '--json', 'soak']);
  t.deepEqual(JSON.parse(one.stdout), { target: 'public.documents.embedding', soak: 'P3D' });
});

test.serial('where there are several targets it says how to name one', async (t) => {
  await createDocuments(stage.db.pool, 5, { table: 'others', index: false });
  await stage.bring(await stage.createUsual('others'), 'expand');
  const { code, stderr } = await stage.workplace.run(['setting', 'paused=true']);
  t.is(code, 1);
  t.regex(stderr, /2 targets match: .*Name one of them; on the command line: --target public\.documents\.embedding\n$/);
});
