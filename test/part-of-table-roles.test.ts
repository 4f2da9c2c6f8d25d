import { randomBytes } from 'node:crypto';
import test from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL } from './harness/documents.ts';
import { createCollections, wrongInColumn, wrongInPart } from './harness/parts.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Roles belong to the whole server, so that other tests must not meet them.
const [owner, writer] = ['owner', 'writer'].map((purpose) => `reembed_part_${purpose}_${randomBytes(4).toString('hex')}`);

let stage: Stage;

const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

test.before(async () => {
  stage = await createStage({ 'other-model': 8 });
  if (stage.db.real) await stage.db.pool.query(`CREATE ROLE ${owner}; CREATE ROLE ${writer}; GRANT CREATE ON SCHEMA public TO ${owner}`);
});
test.after.always(async () => {
  if (stage.db.real) await stage.db.pool.query(`DROP OWNED BY ${owner}, ${writer} CASCADE; DROP ROLE ${owner}; DROP ROLE ${writer}`);
  await stage.close();
});

onServer('a role that may only write the table writes it in both parts, and reads the part through its live view', async (t) => {
  const { pool } = stage.db;
  await createCollections(pool, 'owned', 80);
  await pool.query(`ALTER TABLE owned OWNER TO ${owner}; GRANT SELECT, INSERT, UPDATE, DELETE ON owned TO ${writer}`);
  const campaign = await stage.draft({ table: 'owned', part: 'a', where: "collection = 'a'" });
  await stage.bring(campaign, 'switch');
  const client = await pool.connect();
  try {
    await client.query(`SET ROLE ${writer}`);
    await client.query("INSERT INTO owned VALUES (1000, 'a', 'of a', NULL), (1001, 'b', 'of b', NULL)");
    await client.query("UPDATE owned SET collection = 'a' WHERE collection = 'b' AND id < 40");
    await client.query('DELETE FROM owned WHERE id IN (1, 3, 5)');
    t.true(((await client.query('SELECT FROM owned_a_live')).rowCount ?? 0) > 0);
    await t.throwsAsync(client.query('SELECT * FROM reembed.target'), { code: '42501' });
  } finally {
    await client.query('RESET ROLE');
    client.release();
  }
  await stage.work();
  const part = { table: 'owned', collection: 'a', side: 'owned_a_new_model_vectors', model: NEW_MODEL, dimensions: NEW_DIMENSIONS };
  t.deepEqual(await wrongInPart(pool, part), []);
  await pool.query(`SET ROLE ${owner}; CREATE TABLE ran_as (role text);
    CREATE FUNCTION note_role() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ran_as VALUES (current_user); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER note_role AFTER UPDATE ON owned DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_role(); RESET ROLE`);
  await stage.bring(campaign, 'contract');
  const ran = await pool.query('SELECT DISTINCT role FROM ran_as');
  t.deepEqual(ran.rows, [{ role: owner }], 'what the owner runs on a write runs with the rights of the owner');
  await pool.query('DROP TRIGGER note_role ON owned; DROP FUNCTION note_role; DROP TABLE ran_as');
  await pool.query(
    `SET ROLE ${writer}; UPDATE owned SET content = 'after contract' WHERE collection = 'a'; SELECT FROM owned_a_live; RESET ROLE`,
  );
  await stage.work();
  t.deepEqual(await wrongInColumn(pool, part), []);
  await stage.bring(campaign, 'switch');
  await pool.query(`SET ROLE ${writer}; UPDATE owned SET content = 'after the way back' WHERE collection = 'a'; RESET ROLE`);
  await stage.work();
  t.deepEqual(await wrongInPart(pool, part), []);
  await stage.bring(campaign, 'none');
  await pool.query('DROP TABLE owned');
});
