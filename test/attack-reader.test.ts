import anyTest from 'ava';
import { NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createArguments, createRoleStage } from './harness/roles.ts';

// Whoever may read the live view may record shadow reads, also some that never were.
const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;

const record = (overlap: string, milliseconds: string, error: string) =>
  `SELECT reembed.record_shadow_read('app.documents', '${OLD_MODEL}', '${NEW_MODEL}', true, 10, ${overlap}, 1, ${milliseconds}, 1, 1, NULL, NULL, ${error})
     FROM generate_series(1, 300)`;

test('shadow reads that a reader invents close no gate and change neither the canary nor the live model', async (t) => {
  const stage = await createRoleStage();
  t.teardown(stage.close);
  const { admin, installer, worker, owner } = stage;
  const run = async (args: string[], expected = 0) => {
    const { code, stderr } = await installer.run(args);
    t.is(code, expected, `${args.join(' ')}: ${stderr}`);
  };
  await run(createArguments());
  await run(['migrate', 'up'], 3);
  await stage.grantWorker();
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  await run(['migrate', 'up'], 3);
  await run(['validate'], 5);
  const reader = await stage.addRole('reader');
  await owner.pool.query(`GRANT USAGE ON SCHEMA app TO ${reader.name}; GRANT SELECT ON app.documents_live TO ${reader.name}`);
  const { rows: campaigns } = await admin.query('SELECT name FROM reembed.campaign');

  /** Open alerts, what holds the gates of the next phases, who reads what. */
  const check = async () => {
    await run(['alerts', '--check']);
    const alerts = await admin.query("SELECT kind || ' ' || severity AS alert FROM reembed.alert WHERE closed_at IS NULL ORDER BY 1");
    const gates = await admin.query(
      "SELECT p || ': ' || c.condition AS gate FROM unnest(ARRAY['canary', 'switch', 'contract']) AS p, reembed.open_conditions($1, p) AS c WHERE c.condition LIKE 'alert%'",
      [campaigns[0].name],
    );
    const { rows } = await admin.query('SELECT read_model, canary_percent::text AS canary FROM reembed.setting');
    return { alerts: alerts.rows.map(({ alert }) => alert), gates: gates.rows.map(({ gate }) => gate), ...rows[0] };
  };
  const settings = ['alert_after=0', 'auto_revert=true', 'shadow_sample=50', 'min_shadow_overlap=0.5', 'canary_percent=30'];
  await run(['setting', ...settings, 'shadow_percent=10', 'known_items=10']);

  const lies = [record('0', '100000', 'NULL'), record('NULL', 'NULL', "'timeout'")];
  for (const lie of lies) await reader.pool.query(lie);
  const notices = ['latency notice', 'overlap notice', 'shadow_errors notice'];
  await check();
  t.deepEqual(await check(), { alerts: notices, gates: [], read_model: OLD_MODEL, canary: '30' });
  await run(['migrate', 'up'], 3);
  for (const lie of lies) await reader.pool.query(lie);
  await check();
  t.deepEqual(await check(), { alerts: notices, gates: [], read_model: NEW_MODEL, canary: '0' });

  await run(['migrate', 'down']);
  await admin.query('DELETE FROM reembed.shadow_read; DELETE FROM reembed.alert');
  await run(['setting', 'known_items=0', 'canary_percent=1', 'canary_steps={1,50}', 'canary_step_time=0']);
  await reader.pool.query(record('1', '1', 'NULL'));
  await check();
  t.deepEqual(await check(), { alerts: [], gates: [], read_model: OLD_MODEL, canary: '1' }, 'praise does not let it grow');
});
