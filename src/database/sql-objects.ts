import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SQL_OBJECTS } from '../paths.ts';
import { type Database, inTransaction, type Queryable } from './connection.ts';

/**
 * Puts the functions, views and triggers of sql/ in place as they are now, and lets every target's triggers and views be
 * written anew by them. Run after every `up`, so that an upgrade of the toolkit reaches them; does nothing when they are in
 * place already, because a search waits while its view is replaced. Interrupted, it is done again by the next run.
 */
export async function applySqlObjects(database: Database): Promise<void> {
  const objects = readSqlObjects();
  const filesDigest = createHash('sha256').update(objects.join('\n')).digest('hex');
  if (await isApplied(database, filesDigest)) return;
  await inTransaction(database.pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [SQL_OBJECTS_LOCK]);
    // The type vector may live in any schema; the objects themselves fix their own search_path.
    await client.query(`SELECT set_config('search_path', coalesce((SELECT quote_ident(n.nspname) FROM pg_extension AS e
      JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'), 'public'), true), set_config('check_function_bodies', 'off', true)`);
    const workers = await dropFunctions(client);
    for (const text of objects) await client.query(text);
    await client.query(`REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reembed FROM PUBLIC;
      REVOKE ALL ON ALL PROCEDURES IN SCHEMA reembed FROM PUBLIC;
      GRANT USAGE ON SCHEMA reembed TO PUBLIC;
      GRANT EXECUTE ON FUNCTION reembed.active_model(text), reembed.served_model(text), reembed.query_vector(text, text, vector),
        reembed.log_query(text, text, text), reembed.key_hash(text, text), reembed.reading(text), reembed.reads_for(text, text), reembed.record_shadow_read TO PUBLIC`);
    for (const worker of workers) await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reembed TO ${worker}`);
  });
  // Each target by itself: a search waits for the views of its own table at most.
  const { rows } = await database.pool.query<{ name: string }>('SELECT name FROM reembed.target ORDER BY name');
  for (const { name } of rows) {
    await inTransaction(database.pool, (client) => client.query('SELECT reembed.install_capture($1), reembed.replace_views($1)', [name]));
  }
  await inTransaction(database.pool, async (client) => {
    await client.query('DELETE FROM reembed.installation');
    await client.query('INSERT INTO reembed.installation (files_digest, objects_digest) VALUES ($1, reembed.objects_digest())', [
      filesDigest,
    ]);
  });
}

/**
 * Drops the functions of an earlier version, whose parameters and results CREATE OR REPLACE could not change. Those that
 * searches call, and whatever a user's own objects are made of, stay and are replaced in place.
 *
 * @returns the roles of workers, quoted: who could call the functions must be able to call the new ones
 */
async function dropFunctions(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `SELECT DISTINCT quote_ident(pg_get_userbyid(g.grantee)) AS role FROM pg_proc AS p, aclexplode(p.proacl) AS g
      WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname = 'store_vectors' AND g.grantee NOT IN (0, p.proowner)`,
  );
  await client.query(`DO $$
    DECLARE
      v_function record;
      v_dropped boolean := true;
    BEGIN
      -- Some are made of others: as often as one can go, the next may.
      WHILE v_dropped LOOP
        v_dropped := false;
        FOR v_function IN
          SELECT p.oid::regprocedure AS name FROM pg_proc AS p
           WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname !~ '_[0-9a-f]{6}$'
             AND p.proname NOT IN ('active_model', 'served_model', 'query_vector', 'log_query', 'key_hash', 'reading', 'reads_for', 'record_shadow_read')
             AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
        LOOP
          EXECUTE format('DROP ROUTINE %s', v_function.name);
          v_dropped := true;
        END LOOP;
      END LOOP;
    END $$`);
  return rows.map(({ role }) => role);
}

async function isApplied(database: Database, filesDigest: string): Promise<boolean> {
  const { rows } = await database.pool.query<{ digest: string | null }>("SELECT to_regproc('reembed.objects_digest')::text AS digest");
  if (!rows[0]?.digest) return false;
  const { rowCount } = await database.pool.query(
    'SELECT FROM reembed.installation WHERE files_digest = $1 AND objects_digest = reembed.objects_digest()',
    [filesDigest],
  );
  return rowCount === 1;
}

/** Drops what applySqlObjects made and no table carries away, so that the tables can be dropped. */
export async function dropSqlObjects(database: Database): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<{ statement: string }>(
      `SELECT statement FROM (
         SELECT 1 AS step, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS statement
           FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = to_regclass('reembed.setting')
         UNION ALL
         SELECT 2, format('DROP VIEW IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relnamespace = to_regnamespace('reembed') AND relkind = 'v'
         UNION ALL
         SELECT 3, format('DROP ROUTINE %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = to_regnamespace('reembed')
       ) AS objects ORDER BY step`,
    );
    for (const { statement } of rows) await client.query(statement);
    await client.query('REVOKE USAGE ON SCHEMA reembed FROM PUBLIC');
  });
}

const SQL_OBJECTS_LOCK = 7_241_865_325;

/** Functions first, then the views that call them, then triggers. */
function readSqlObjects(): string[] {
  const rank = (text: string) => (/^CREATE OR REPLACE VIEW/m.test(text) ? 1 : /^CREATE OR REPLACE TRIGGER/m.test(text) ? 2 : 0);
  const viewOrder = ['vector_column', 'health', 'progress'];
  return readdirSync(SQL_OBJECTS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sql'))
    .map((path) => ({ name: basename(path, '.sql'), text: readFileSync(join(SQL_OBJECTS, path), 'utf8') }))
    .sort((a, b) => rank(a.text) - rank(b.text) || viewOrder.indexOf(a.name) - viewOrder.indexOf(b.name) || a.name.localeCompare(b.name))
    .map(({ text }) => text);
}
