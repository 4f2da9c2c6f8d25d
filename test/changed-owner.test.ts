import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Roles belong to the whole server, so that other tests must not meet them.
const mark = randomBytes(4).toString('hex');
const ROLES = ['first', 'second', 'third', 'writer'].map((purpose) => `reembed_${purpose}_${mark}`);
const [first = '', second = '', third = '', writer = ''] = ROLES;
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

const TARGET = 'public.documents.embedding';

/** A backfill of a table that belongs to the first role. */
async function createOwned(
  storage: 'column' | 'side-table',
): Promise<{ stage: Stage; campaign: string; write(tag: string): Promise<void> }> {
  const stage = await createStage();
  const { pool } = stage.db;
  for (const name of ROLES) await pool.query(`CREATE ROLE ${name}`);
  await createDocuments(pool, 30);
  await pool.query(`GRANT CREATE ON SCHEMA public TO ${first}, ${second}, ${third};
    ALTER TABLE documents OWNER TO ${first}; GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO ${writer}`);
  const campaign = await stage.draft({ table: 'documents', storage });
  await stage.bring(campaign, 'backfill');
  const write = async (tag: string) => {
    const client = await pool.connect();
    await client
      .query(
        `BEGIN; SET LOCAL ROLE ${writer}; UPDATE documents SET content = '${tag} ' || id WHERE id < 4; INSERT INTO documents (content) VALUES ('${tag}');
         DELETE FROM documents WHERE id = (SELECT max(id) - 1 FROM documents); COMMIT`,
      )
      .finally(() => client.query('ROLLBACK').then(() => client.release()));
  };
  return { stage, campaign, write };
}

for (const storage of ['column', 'side-table'] as const) {
  onServer(
    `a table that is given to another owner in mid-campaign is written and embedded on, forward, back and forward: ${storage}`,
    async (t) => {
      const { stage, campaign, write } = await createOwned(storage);
      const { pool } = stage.db;
      t.teardown(async () => {
        for (const name of ROLES) await pool.query(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
        await stage.close();
      });
      const newColumn =
        storage === 'column' ? 'embedding_v2' : '(SELECT s.embedding FROM documents_new_model_vectors AS s WHERE s.id = documents.id)';
      const wrong = () => wrongRows(pool, { oldColumn: 'embedding', newColumn });
      const damage = async () =>
        (await pool.query<{ code: string }>('SELECT DISTINCT code FROM reembed.damage')).rows.map(({ code }) => code);
      const owners = async () =>
        (
          await pool.query<{ owner: string }>(
            `SELECT DISTINCT pg_get_userbyid(c.relowner) AS owner FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relname ~ '^documents' AND c.relkind IN ('r', 'v') AND n.nspname !~ '^pg_'`,
          )
        ).rows.map(({ owner }) => owner);

      // The functions of the triggers go along, and nobody has granted their new owner anything.
      await pool.query(`REASSIGN OWNED BY ${first} TO ${second}`);
      await t.notThrowsAsync(write('reassigned'));
      t.deepEqual(await damage(), []);
      await stage.work();
      t.deepEqual(await wrong(), []);

      // The table alone is given away.
      await pool.query(`ALTER TABLE documents OWNER TO ${third}`);
      await t.notThrowsAsync(write('given'));
      t.deepEqual(await damage(), ['other_owner']);
      await pool.query('SELECT reembed.rehook($1)', [TARGET]);
      t.deepEqual(await damage(), []);
      t.deepEqual(await owners(), [third]);
      await stage.work();
      t.deepEqual(await wrong(), []);
      const { rows: rights } = await pool.query(
        `SELECT pg_get_userbyid(g.grantee) AS role FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS g
        WHERE c.relname LIKE 'change\\_%' AND c.relkind = 'r' AND g.privilege_type = 'INSERT' AND g.grantee <> c.relowner`,
      );
      t.deepEqual(rights, [{ role: third }], 'a former owner has no right on the log any more');

      for (const phase of ['switch', 'contract', 'switch'] as const) {
        await stage.bring(campaign, phase);
        await write(phase);
        await stage.work();
      }
      await stage.bring(campaign, 'none');
      t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding' }), []);
      await stage.bring(campaign, 'index');
      t.deepEqual(await wrong(), []);
    },
  );
}

onServer('no write waits for another after REASSIGN OWNED whose transaction admits the new owner', async (t) => {
  const { stage, campaign } = await createOwned('column');
  const { pool } = stage.db;
  t.teardown(async () => {
    for (const name of ROLES) await pool.query(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
    await stage.close();
  });
  await pool.query(`BEGIN; REASSIGN OWNED BY ${first} TO ${second}; SELECT reembed.admit_owners('${TARGET}'); COMMIT`);
  const holder = await pool.connect();
  const other = await pool.connect();
  try {
    const change = (id: number) => `SET LOCAL ROLE ${writer}; UPDATE documents SET content = 'changed ' || id WHERE id = ${id}`;
    await holder.query(`BEGIN; ${change(1)}`);
    await t.notThrowsAsync(other.query(`BEGIN; SET LOCAL lock_timeout = '2s'; ${change(2)}; COMMIT`));
    await holder.query('COMMIT');
  } finally {
    holder.release(true);
    other.release(true);
  }
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});
