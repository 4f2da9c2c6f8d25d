import test from 'ava';
import { createDocuments, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.beforeEach(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 200);
});
test.afterEach.always(() => stage.close());

const sql = async (text: string) => (await stage.db.pool.query(text)).rows;
const up = (args: string[] = []) => stage.workplace.run(['migrate', 'up', '--json', ...args]);
const codes = (stdout: string) =>
  (JSON.parse(stdout) as { waiting: { conditions: { code: string }[] }[] }).waiting.flatMap(({ conditions }) =>
    conditions.map(({ code }) => code),
  );
const phase = async () => (await sql('SELECT phase FROM reembed.campaign'))[0]?.phase;

const trigger = (name: string) =>
  sql(`CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER ${name} BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION touch()`);

test.serial('the backfill waits until its triggers are accepted by name, and again when there is another', async (t) => {
  await trigger('stamp');
  const campaign = await stage.createUsual();
  const waiting = await up();
  t.is(waiting.code, 3, waiting.stderr);
  t.deepEqual(codes(waiting.stdout), ['triggers-fire']);
  t.is(await phase(), 'expand');
  t.regex(waiting.stderr, /the backfill fires stamp of .*documents/);
  t.regex(waiting.stderr, /--accept triggers-fire --reason "why"/);

  t.is((await up(['--accept', 'triggers-fire'])).code, 2, 'a reason is needed');
  t.is((await up(['--accept', 'violated-constraints', '--reason', 'no such harm'])).code, 3);
  t.deepEqual(await sql('SELECT FROM reembed.acceptance'), []);

  t.is((await up(['1', '--accept', 'triggers-fire', '--reason', 'they only set updated_at'])).code, 0);
  t.is(await phase(), 'backfill');
  t.deepEqual(await sql('SELECT campaign, code, reason, by = session_user AS by, at IS NOT NULL AS at, evidence FROM reembed.acceptance'), [
    {
      campaign,
      code: 'triggers-fire',
      reason: 'they only set updated_at',
      by: true,
      at: true,
      evidence: { triggers: ['stamp public.touch'] },
    },
  ]);

  await stage.down();
  t.is((await up(['1'])).code, 0, 'still accepted');
  await stage.down();
  await trigger('second');
  t.deepEqual(codes((await up(['1'])).stdout), ['triggers-fire'], 'void: there is another trigger');
  await sql('DROP TRIGGER stamp ON documents; DROP TRIGGER second ON documents');
  t.is((await up(['1'])).code, 0, 'there is nothing to accept');
});

test.serial('rows that violate a constraint and were accepted by name do not pause the campaign, however many they are', async (t) => {
  await sql('ALTER TABLE documents ADD CONSTRAINT not_early CHECK (id > 60) NOT VALID');
  await stage.createUsual();
  t.is((await up(['2', '--accept', 'violated-constraints', '--reason', 'sixty old rows'])).code, 0);
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await sql('SELECT class, count(*)::int FROM reembed.failed_row GROUP BY 1'), [{ class: 'row_refused', count: 60 }]);
  t.deepEqual(await sql('SELECT paused FROM reembed.setting'), [{ paused: false }]);
});

test.serial('an acceptance of violated constraints is void when more rows violate them, and holds when fewer do', async (t) => {
  await sql('ALTER TABLE documents ADD CONSTRAINT not_first CHECK (id > 3) NOT VALID');
  const campaign = await stage.createUsual();
  t.deepEqual(codes((await up()).stdout), ['violated-constraints']);
  t.deepEqual(await sql(`SELECT reembed.accept('${campaign}', 'violated-constraints', 'three rows are parked')`), [
    { accept: { rows: 3, constraints: ['not_first'] } },
  ]);
  const gate = () => sql(`SELECT code, condition FROM reembed.open_conditions('${campaign}', 'backfill')`);
  t.deepEqual(await gate(), []);
  await sql('ALTER TABLE documents DROP CONSTRAINT not_first, ADD CONSTRAINT not_first CHECK (id > 4) NOT VALID');
  t.deepEqual(await gate(), [
    { code: 'violated-constraints', condition: '4 rows violate not_first, so that no vector can be stored there' },
  ]);
  await sql('ALTER TABLE documents DROP CONSTRAINT not_first, ADD CONSTRAINT not_first CHECK (id > 1) NOT VALID');
  t.deepEqual(await gate(), []);
  await sql('ALTER TABLE documents DROP CONSTRAINT not_first');
  t.deepEqual(await gate(), []);
  await t.throwsAsync(sql(`SELECT reembed.accept('${campaign}', 'violated-constraints', 'again')`), {
    message: /there is no violated-constraints to accept/,
  });
});

test.serial('a constraint that cannot be evaluated keeps the gate closed until that is accepted', async (t) => {
  await sql(`CREATE FUNCTION fails(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF $1 LIKE '%number 7' THEN RAISE EXCEPTION 'secret'; END IF; RETURN true; END $$;
    ALTER TABLE documents ADD CONSTRAINT checked CHECK (public.fails(content)) NOT VALID`);
  await stage.createUsual();
  const { stdout, stderr } = await up();
  t.deepEqual(codes(stdout), ['violated-constraints']);
  t.regex(stderr, /SQLSTATE P0001/);
  t.notRegex(stderr, /secret/);
});

test.serial('what create accepts is recorded by the expand file, forgotten by its down, and recorded again', async (t) => {
  await trigger('stamp');
  const campaign = await stage.create([
    ...['--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', '24'],
    ...['--accept', 'triggers-fire', '--reason', "it's harmless"],
  ]);
  for (let round = 0; round < 2; round += 1) {
    t.is((await up(['2'])).code, 0);
    t.is(await phase(), 'backfill');
    t.deepEqual(await sql('SELECT campaign, code, reason FROM reembed.acceptance'), [
      { campaign, code: 'triggers-fire', reason: "it's harmless" },
    ]);
    await stage.down(2);
    t.deepEqual(await sql('SELECT FROM reembed.acceptance'), []);
  }
});

test.serial('a side table needs no acceptance for what it does not do', async (t) => {
  await trigger('stamp');
  await sql('ALTER TABLE documents ADD CONSTRAINT not_first CHECK (id > 3) NOT VALID');
  await stage.draft({ table: 'documents', storage: 'side-table' });
  t.is((await up(['2'])).code, 0);
});

for (const [title, storage] of [
  ['rows with a vector and no text are counted, accepted before contract, and kept in the archive: column', 'column'],
  ['rows with a vector and no text are counted, accepted before contract, and kept in the archive: side table', 'side-table'],
] as const) {
  test.serial(title, async (t) => {
    await sql('UPDATE documents SET content = NULL WHERE id <= 50');
    const kept = () => sql('SELECT id::integer AS id, embedding::text AS vector FROM documents WHERE id <= 50 ORDER BY id');
    const before = await kept();
    const campaign = await stage.draft({ table: 'documents', storage });
    await stage.bring(campaign, 'switch');
    const { stdout } = await stage.workplace.run(['status']);
    t.regex(stdout, /100\.0 % +150 of 150; 150 of 200 have a text/);

    await sql("UPDATE reembed.setting SET soak = '0'");
    const waiting = await up();
    t.deepEqual(codes(waiting.stdout), ['rows-without-text'], waiting.stderr);
    t.regex(waiting.stderr, /150 of 200 rows have a text; 50 rows without a text have an old vector/);
    const status = await stage.workplace.run(['status']);
    t.regex(status.stdout, /150 of 200 rows have a text/);

    const accepted = ['--accept', 'rows-without-text', '--reason', 'pages without text are not searched'];
    t.is((await up(accepted)).code, 0);
    const [{ archive }] = (await sql(`SELECT archive FROM reembed.campaign WHERE name = '${campaign}'`)) as [{ archive: string }];
    t.deepEqual(await sql(`SELECT key_1::integer AS id, vector::text FROM reembed."${archive}" WHERE key_1 <= 50 ORDER BY 1`), before);

    await stage.down();
    t.deepEqual(await kept(), before, 'down brings them back');
    t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'CASE WHEN id > 50 THEN embedding END' }), []);
    t.is((await up()).code, 0, 'and up again, as accepted');
    await stage.down();
    await sql('UPDATE documents SET content = NULL WHERE id = 51');
    t.deepEqual(
      await sql(`SELECT code FROM reembed.acceptance_gate('${campaign}', 'contract')`),
      [],
      'a worker is about to delete the vector',
    );
    await sql('UPDATE reembed.acceptance SET evidence = \'{"rows": 49}\'');
    t.true(codes((await up()).stdout).includes('rows-without-text'), 'void: fewer were accepted');
  });
}

test.serial('what migrate down accepts is recorded too', async (t) => {
  const campaign = await stage.draft({ table: 'documents' });
  await stage.bring(campaign, 'switch');
  await sql('UPDATE documents SET embedding = NULL WHERE id = 7; DELETE FROM reembed.change');
  t.is((await stage.workplace.run(['migrate', 'down'])).code, 3);
  t.is((await stage.workplace.run(['migrate', 'down', '--accept-missing'])).code, 0);
  t.deepEqual(await sql('SELECT code, evidence FROM reembed.acceptance'), [{ code: 'missing-old-vectors', evidence: { rows: 1 } }]);
});
