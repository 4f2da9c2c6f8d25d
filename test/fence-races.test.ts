import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { wrongRows } from './harness/documents.ts';
import { newVector, STORAGES, startFencedCampaign } from './harness/fenced-table.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

const ISOLATIONS = ['READ COMMITTED', 'REPEATABLE READ'] as const;
const RACE_ROWS = 60;
const RACE_CLIENTS = 3;
const RACE_MS = 2000;

/** How many transactions there were, and how many of them could not be serialized. */
interface Count {
  transactions: number;
  failed: number;
}

/** Changes texts in turns of a table and of one like it that nobody works on, until it is stopped. */
async function changeTexts(
  tables: readonly [string, string],
  isolation: string,
  client: number,
  isOver: () => boolean,
): Promise<[Count, Count]> {
  const counts: [Count, Count] = [
    { transactions: 0, failed: 0 },
    { transactions: 0, failed: 0 },
  ];
  const connection = new pg.Client({ connectionString: stage.db.url });
  await connection.connect();
  for (let i = 0; !isOver(); i++) {
    const which = (i % 2) as 0 | 1;
    const table = tables[which];
    counts[which].transactions += 1;
    const ids = [1 + Math.floor(Math.random() * RACE_ROWS), 1 + Math.floor(Math.random() * RACE_ROWS)].sort((a, b) => a - b);
    try {
      await connection.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      await connection.query(`SELECT content FROM ${table} WHERE id = ANY ($1)`, [ids]);
      await sleep(3);
      for (const id of new Set(ids))
        await connection.query(`UPDATE ${table} SET content = $2 WHERE id = $1`, [id, `race ${client} ${i} ${id}`]);
      await connection.query(i % 14 < 2 ? 'ROLLBACK' : 'COMMIT');
    } catch (error) {
      await connection.query('ROLLBACK');
      if ((error as { code?: string }).code !== '40001') throw error;
      counts[which].failed += 1;
    }
  }
  await connection.end();
  return counts;
}

/** The most failures that chance may bring, where a transaction fails `times` as often as without pg-reembed. */
function mostByChance(without: Count, transactions: number, times: number): number {
  const ratio = (times * transactions) / Math.max(1, without.transactions);
  const expected = ratio * without.failed;
  // What is compared with was counted too, and is uncertain itself.
  return expected + 3 * Math.sqrt(expected + ratio * expected) + 5;
}

// The embedded database has one session.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

for (const storage of STORAGES) {
  for (const isolation of ISOLATIONS) {
    onServer(`${storage}: texts that change in ${isolation} while vectors are stored leave none that is outdated`, async (t) => {
      const table = `raced_${storage[0]}_${isolation.replace(' ', '_')}`.toLowerCase();
      const campaign = await startFencedCampaign(stage, table, storage, RACE_ROWS);
      await stage.bring(campaign, 'index');
      await sql(`CREATE TABLE ${table}_twin (LIKE ${table} INCLUDING ALL); INSERT INTO ${table}_twin SELECT * FROM ${table}`);
      const sum: [Count, Count] = [
        { transactions: 0, failed: 0 },
        { transactions: 0, failed: 0 },
      ];
      for (const phase of ['index', 'switch'] as const) {
        await stage.bring(campaign, phase);
        const endsAt = Date.now() + RACE_MS;
        const isOver = () => Date.now() > endsAt;
        const workers = [1, 2].map(async () => {
          while (!isOver()) await stage.work();
        });
        const clients = Array.from({ length: RACE_CLIENTS }, (_, client) =>
          changeTexts([table, `${table}_twin`], isolation, client, isOver),
        );
        for (const counts of await Promise.all(clients)) {
          for (const which of [0, 1] as const) {
            sum[which].transactions += counts[which].transactions;
            sum[which].failed += counts[which].failed;
          }
        }
        await Promise.all(workers);
        await stage.work();
        t.deepEqual(
          await wrongRows(stage.db.pool, { table, newColumn: newVector(table, storage), oldColumn: 'embedding' }),
          [],
          `in phase ${phase}`,
        );
      }
      const [watched, without] = sum;
      t.log(`40001: ${watched.failed} of ${watched.transactions}, without pg-reembed ${without.failed} of ${without.transactions}`);
      if (isolation === 'READ COMMITTED') return t.is(watched.failed, 0);
      // A vector that is stored in the row is an update like any other: two of them follow a change of a text, one where the
      // new vectors have a table of their own. They meet transactions of every client, a change those of all clients but one.
      const stores = storage === 'column' ? 2 : 1;
      // Few failures say little of their rate: on these tables about 3 % of the transactions fail without the toolkit.
      const base = { ...without, failed: Math.max(without.failed, 0.03 * without.transactions) };
      const most = mostByChance(base, watched.transactions, 1 + (stores * RACE_CLIENTS) / (RACE_CLIENTS - 1));
      t.true(watched.failed <= most, `${watched.failed} transactions failed, ${most.toFixed(0)} were to be expected at most`);
    });
  }

  onServer(`${storage}: a REPEATABLE READ transaction on rows whose texts do not change never fails through stores`, async (t) => {
    const table = `apart_${storage[0]}`;
    const campaign = await startFencedCampaign(stage, table, storage, 2 * RACE_ROWS);
    await stage.bring(campaign, 'index');
    const endsAt = Date.now() + RACE_MS;
    const isOver = () => Date.now() > endsAt;
    const worker = (async () => {
      while (!isOver()) await stage.work();
    })();
    const texts = (async () => {
      for (let i = 0; !isOver(); i++)
        await sql(`UPDATE ${table} SET content = 'apart ' || id || ' ' || $1::text WHERE id > ${RACE_ROWS}`, [i]);
    })();
    const client = new pg.Client({ connectionString: stage.db.url });
    await client.connect();
    let transactions = 0;
    for (; !isOver(); transactions++) {
      const id = 1 + (transactions % RACE_ROWS);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await client.query(`SELECT note FROM ${table} WHERE id = ${id}`);
      await sleep(3);
      await t.notThrowsAsync(client.query(`UPDATE ${table} SET note = coalesce(note, 0) + 1 WHERE id = ${id}`));
      await client.query('COMMIT');
    }
    await client.end();
    await Promise.all([worker, texts]);
    await stage.work();
    t.log(`${transactions} transactions`);
    t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: newVector(table, storage), oldColumn: 'embedding' }), []);
  });
}
