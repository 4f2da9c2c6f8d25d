import test from 'ava';
import { NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createWatchedCampaign, turnedInto, type WatchedCampaign } from './harness/watched-campaign.ts';

let watched: WatchedCampaign;

test.before(async () => {
  watched = await createWatchedCampaign();
});
test.beforeEach(() => watched.begin());
test.afterEach.always(() => watched.reset());
test.after.always(() => watched.stage.close());

const sql = (text: string, values?: unknown[]) => watched.sql(text, values);

test.serial('a healthy model is left alone: no alert at the canary, none after the switch, and nothing goes back', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30, auto_revert = true');
  await watched.traffic();
  t.deepEqual(await watched.watch.check(3), []);
  t.deepEqual([await watched.setting('canary_percent'), await watched.watch.kinds()], ['30', []]);
  await watched.switchTo(NEW_MODEL);
  await watched.traffic();
  t.deepEqual(await watched.watch.check(3), []);
  t.deepEqual([await watched.setting('read_model'), await watched.watch.kinds()], [NEW_MODEL, []]);
  const { rows } = await sql(
    'SELECT model, avg(found::int)::float AS found, count(*)::int FROM reembed.known_item GROUP BY model ORDER BY model',
  );
  t.deepEqual(rows, [
    { model: NEW_MODEL, found: 1, count: 60 },
    { model: OLD_MODEL, found: 1, count: 60 },
  ]);
  // Contract waits until nobody scans the old index, and the watch is nobody.
  const [before, , after] = [await oldIndexScans(), await watched.watch.check(2), await oldIndexScans()];
  t.is(after, before);
  const [overlap] = (await sql("SELECT is_bad, details FROM reembed.check_shadow('public.documents.embedding') WHERE kind = 'overlap'"))
    .rows;
  t.false(overlap.is_bad);
  t.log(overlap.details);
});

async function oldIndexScans(): Promise<string> {
  // What a session counted is handed on when it has been idle for a second.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  return (await sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'documents_embedding_idx'")).rows[0].idx_scan;
}

test.serial('a model that became bad is detected at the canary, whose readers return to the old model automatically', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30');
  await watched.traffic();
  await watched.watch.check(2);
  watched.stage.provider.script = turnedInto(NEW_MODEL);
  await watched.traffic();
  const said = await watched.watch.check(2);
  t.deepEqual(await watched.watch.kinds(), ['known_items', 'overlap']);
  for (const { severity, model, message } of await watched.watch.alerts()) {
    t.is(model, NEW_MODEL);
    t.log(severity, message);
  }
  t.is(await watched.setting('canary_percent'), '0');
  const [event] = await watched.events('canary_percent');
  t.deepEqual([event?.from_value, event?.to_value], ['30', '0']);
  t.regex(event?.reason ?? '', /^alert known_items: /);
  t.true(
    said.some((line) => line.includes('canary_percent 30 -> 0, because alert')),
    said.join('\n'),
  );

  await t.throwsAsync(sql('UPDATE reembed.setting SET canary_percent = 1'), { code: 'RE001', message: /alert known_items has been open/ });
  await t.throwsAsync(watched.switchTo(NEW_MODEL), { code: 'RE001', message: /alert known_items has been open/ });

  watched.stage.provider.script = () => undefined;
  await watched.traffic();
  await watched.watch.check(4);
  t.deepEqual(await watched.watch.kinds(), []);
  await sql('UPDATE reembed.setting SET canary_percent = 1');
});

test.serial('after the switch a bad model is an alert, and with auto_revert the old one is read again', async (t) => {
  await watched.switchTo(NEW_MODEL);
  await watched.traffic();
  await watched.watch.check(2);
  watched.stage.provider.script = turnedInto(NEW_MODEL);
  await watched.traffic();
  await watched.watch.check(2);
  t.deepEqual(await watched.watch.kinds(), ['known_items', 'overlap']);
  t.is(await watched.setting('read_model'), NEW_MODEL, 'auto_revert is off');

  await sql('UPDATE reembed.setting SET auto_revert = true');
  await watched.watch.check();
  t.is(await watched.setting('read_model'), OLD_MODEL);
  const [event] = await watched.events('read_model');
  t.deepEqual([event?.from_value, event?.to_value], [NEW_MODEL, OLD_MODEL]);
  t.regex(event?.reason ?? '', /^alert known_items: /);
  t.deepEqual((await sql('SELECT DISTINCT embedding_model AS model FROM documents_live')).rows, [{ model: OLD_MODEL }]);
  t.true((await watched.watch.alerts()).some(({ details }) => details.answer === `read_model ${NEW_MODEL} -> ${OLD_MODEL}`));
  const switches = (await watched.events('read_model')).length;
  await watched.watch.check(2);
  t.is((await watched.events('read_model')).length, switches, 'once');
});

test.serial('vectors that were stored in the wrong rows are caught too', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30');
  await sql('UPDATE documents AS d SET embedding_v2 = o.embedding_v2 FROM documents AS o WHERE o.id = d.id % 300 + 1');
  await watched.traffic();
  await watched.watch.check(2);
  t.deepEqual(await watched.watch.kinds(), ['known_items', 'overlap']);
  t.is(await watched.setting('canary_percent'), '0');
  await watched.stage.bring(watched.campaign, 'expand');
  await sql('UPDATE documents SET embedding_v2 = NULL');
});

test.serial('when the old model became bad, no reader returns to it', async (t) => {
  await watched.switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true');
  watched.stage.provider.script = turnedInto(OLD_MODEL);
  await watched.traffic();
  await watched.watch.check(3);
  t.deepEqual((await watched.watch.alerts()).map(({ kind, severity, model }) => `${kind} ${severity} ${model}`).sort(), [
    `old_known_items warning ${OLD_MODEL}`,
    `overlap notice ${OLD_MODEL}`,
  ]);
  t.is(await watched.setting('read_model'), NEW_MODEL);
});

test.serial('an old model that is not kept current is not reverted to, and the reason is recorded once', async (t) => {
  await watched.switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true, keep_old_current = false');
  watched.stage.provider.script = turnedInto(NEW_MODEL);
  await watched.watch.check(4);
  t.deepEqual(await watched.watch.kinds(), ['known_items']);
  t.is(await watched.setting('read_model'), NEW_MODEL);
  const withheld = (await watched.events('auto_revert')).filter(({ to_value }) => to_value.startsWith('withheld'));
  t.deepEqual(
    withheld.map(({ to_value }) => to_value),
    [`withheld: ${OLD_MODEL} is not kept current`],
  );
  await sql('UPDATE reembed.setting SET keep_old_current = true');
  await watched.stage.work();
});

test.serial('without known items nothing is known of the old model, and nobody is sent back to it', async (t) => {
  await watched.switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true, known_items = 0');
  await sql(`SELECT reembed.open_alert('public.documents.embedding', 'index', 'critical', '${NEW_MODEL}', 'a test', '{}')`);
  await sql("SELECT reembed.answer_alerts('documents')");
  t.is(await watched.setting('read_model'), NEW_MODEL);
  t.regex(
    (await watched.watch.alerts())[0]?.details.answer as string,
    /auto_revert withheld: known_items is 0, so the quality of old-model is unknown/,
  );
});
