import test from 'ava';
import pg from 'pg';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 1500;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);

/** Full pages of rows of about 900 bytes, as chunks of text are. */
const fill = (table: string) => () =>
  sql(`UPDATE ${table} SET content = content || repeat(' filler', 110)`).then(() => sql(`VACUUM FULL ${table}`));

/** Updates of a table so far, and how many of them stayed in their page. */
async function updates(table: string): Promise<{ all: number; hot: number }> {
  const { rows } = await sql(
    `SELECT pg_stat_get_tuples_updated(oid)::int AS all, pg_stat_get_tuples_hot_updated(oid)::int AS hot FROM pg_class WHERE relname = '${table}'`,
  );
  return rows[0];
}

/** SQL that reads a batch b of the only campaign as a worker does. */
async function reading(): Promise<string> {
  const { rows } = await sql('SELECT suffix FROM reembed.target');
  return `reembed.read_batch_${rows[0].suffix}(b.leaf, b.first_place, b.end_place, NULL, '{}', reembed.old_snapshot() IS NOT NULL, 1000000)`;
}

/** Other tests have their transactions on the same server: what is to be seen here is the order without an old one. */
const withoutOldTransactions = () =>
  until(async () => (await sql('SELECT reembed.old_snapshot() AS who')).rows[0].who === null, 'no old transaction', 120);

test.serial('a batch is written one row of each page after the other', async (t) => {
  await startCampaign(stage, 'paged', { rows: 100, fill: fill('paged') });
  await withoutOldTransactions();
  const { rows } = await sql(
    `SELECT r.wave, (p.ctid::text::point)[0]::int AS block
       FROM reembed.batch AS b CROSS JOIN LATERAL ${await reading()} WITH ORDINALITY AS r(key, content, text_hash, version, failure, too_many_bytes, wave, place)
       JOIN paged AS p ON p.id = (r.key::jsonb ->> 'id')::bigint ORDER BY b.id, r.place`,
  );
  t.is(rows.length, 100);
  const perWave = new Map<string, number>();
  for (const { wave, block } of rows) perWave.set(`${wave}/${block}`, (perWave.get(`${wave}/${block}`) ?? 0) + 1);
  t.true(
    [...perWave.values()].every((count) => count === 1),
    'no page twice in a wave',
  );
  t.true(Math.max(...rows.map(({ wave }) => wave)) >= 5);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('most updates of a backfill stay in their page, and none of them goes into an index', async (t) => {
    t.timeout(300_000);
    const shares: number[] = [];
    // Transactions of other tests keep room from coming back for as long as they last, so one round of several has to do.
    for (let round = 1; round <= 5 && !shares.some((share) => share > 0.7); round++) {
      const table = `roomy_${round}`;
      await startCampaign(stage, table, { rows: ROWS, fill: fill(table), request: { batchRows: ROWS } });
      await until(async () => (await updates(table)).all === ROWS, 'statistics of the updates before');
      await withoutOldTransactions();
      const before = await updates(table);
      await stage.work();
      await until(async () => (await updates(table)).all === 2 * ROWS, 'statistics of those of the backfill');
      shares.push(((await updates(table)).hot - before.hot) / ROWS);
    }
    t.true((shares.at(-1) ?? 0) > 0.7, `shares of the updates that were HOT: ${shares.join()}`);
  });

  test.serial('while somebody holds an old snapshot the order is plain, and health says who it is', async (t) => {
    const campaign = await startCampaign(stage, 'held', { rows: 100, fill: fill('held') });
    await withoutOldTransactions();
    const holder = new pg.Client({ connectionString: stage.db.url });
    await holder.connect();
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM held');
    const waves = async () =>
      (await sql(`SELECT max(r.wave)::int AS last FROM reembed.batch AS b CROSS JOIN LATERAL ${await reading()} AS r`)).rows[0].last;
    t.true((await waves()) > 1);
    await until(async () => (await waves()) === 1, 'ten seconds', 20);
    await sql(`SELECT reembed.check_throttle_signals('${campaign.target}')`);
    const { rows } = await sql("SELECT reason, throttles FROM reembed.health WHERE reason LIKE '%cannot reuse space%'");
    t.is(rows.length, 1);
    t.regex(rows[0].reason, /^process \d+ has been in a transaction since .+: until it ends, updates cannot reuse space in their pages/);
    t.false(rows[0].throttles);
    await holder.query('COMMIT');
    await withoutOldTransactions();
    t.true((await waves()) > 1);
    await holder.end();
  });
}
