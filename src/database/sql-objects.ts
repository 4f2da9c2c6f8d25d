import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import pg from 'pg';
import { SQL_OBJECTS } from '../paths.ts';
import { type Database, inTransaction, type Queryable } from './connection.ts';
import { DISTANCES, type Distance, ELEMENT_TYPES, type ElementType, operatorClassOf } from './element-types.ts';
import { OBJECTS_VERSION, refuseNewerObjects } from './objects-version.ts';
import { readVectorExtension } from './vector-extension.ts';

// Functions that applications call, and those that functions with the rights of a table's owner call.
const FOR_EVERYBODY = `reembed.active_model(text), reembed.bridge_map(text), reembed.served_model(text), reembed.query_vector, reembed.log_query(text, text, text),
  reembed.key_hash(text, text), reembed.reading(text), reembed.reads_for(text, text), reembed.record_shadow_read,
  reembed.text_hash(text), reembed.text_digest(text), reembed.has_text(text), reembed.text_failure(text), reembed.count_text(numeric), reembed.counted(numeric, text, text), reembed.change_lane(bigint),
  reembed.capture_triggers(text), reembed.join_damage(text), reembed.model_view_name(text, text), reembed.view_schema(text), reembed.works_for(reembed.worker, text),
  reembed.serves(text), reembed.bridge_statement(text), reembed.read_bridge(text, text),
  reembed.report_wanted(text, jsonb), reembed.key_text(anyelement), reembed.admit_owners(text)`;
// The application's searches and the triggers call these, so they are never dropped but replaced in place.
const KEPT = [
  'active_model',
  'admit_owners',
  'bridge_map',
  'served_model',
  'query_vector',
  'log_query',
  'key_hash',
  'reading',
  'reads_for',
  'record_shadow_read',
  'serves',
  'bridge_statement',
  'read_bridge',
  'report_wanted',
  'key_text',
];

/**
 * Installs the present functions, views, triggers and templates of sql/ and recompiles the objects of every target. Runs after every `up`,
 * so that an upgrade of the toolkit takes effect. When they are installed already, it recompiles only targets that lack a trigger, a view
 * or a column, because writes and searches wait while triggers and views are replaced. If it is interrupted, the next run repeats it.
 *
 * @throws NewerObjects
 */
export async function applySqlObjects(database: Database): Promise<void> {
  const objects = readSqlObjects();
  const templates = readSqlFiles(({ folder }) => folder === TEMPLATES);
  const filesDigest = createHash('sha256')
    .update([...objects, ...templates].map(({ text }) => text).join('\n'))
    .digest('hex');
  const isCurrent = await isApplied(database, filesDigest);
  if (!isCurrent) await installObjects(database, objects, templates);
  // One transaction per target, so that a search waits at most for the views of its own table.
  for (const name of await targetsToCompile(database, !isCurrent)) {
    await inTransaction(database.pool, (client) => client.query('SELECT reembed.compile_target($1), reembed.replace_views($1)', [name]));
  }
  if (isCurrent) return;
  await inTransaction(database.pool, (client) =>
    client.query('UPDATE reembed.installation SET files_digest = $1, objects_digest = reembed.objects_digest()', [filesDigest]),
  );
}

async function installObjects(database: Database, objects: SqlFile[], templates: SqlFile[]): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [SQL_OBJECTS_LOCK]);
    // Under the lock: a newer version may have been installed after this command had connected.
    await refuseNewerObjects(client);
    // Committed together with the objects, so that running workers of an older version stop as soon as these are visible.
    await client.query('DELETE FROM reembed.installation');
    await client.query('INSERT INTO reembed.installation (objects_version) VALUES ($1)', [OBJECTS_VERSION]);
    await client.query("SELECT set_config('check_function_bodies', 'off', true)");
    const grants = await readGrants(client);
    await dropFunctions(client);
    for (const { text } of await inVectorSchema(client, objects)) await client.query(text);
    await storeTemplates(client, templates);
    await storeElementTypes(client);
    await client.query(`SELECT reembed.replace_change_view();
      REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reembed FROM PUBLIC;
      REVOKE ALL ON ALL PROCEDURES IN SCHEMA reembed FROM PUBLIC;
      GRANT USAGE ON SCHEMA reembed TO PUBLIC;
      GRANT EXECUTE ON FUNCTION ${FOR_EVERYBODY} TO PUBLIC`);
    await restoreGrants(client, grants);
  });
}

/** Every target, or those whose triggers or views the user's own DDL dropped, and those whose table gained a column. */
async function targetsToCompile(database: Database, all: boolean): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT t.name FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation
      WHERE t.unhooked IS NULL AND NOT EXISTS (SELECT FROM reembed.damage AS d WHERE d.target = t.name AND d.is_final)
        AND ($1 OR t.view_columns <> reembed.view_columns(t.name)
             OR EXISTS (SELECT FROM reembed.damage AS d WHERE d.target = t.name AND d.code IN ('no_trigger', 'no_view', 'other_owner'))) ORDER BY t.name`,
    [all],
  );
  return rows.map(({ name }) => name);
}

/** Privilege to call a function, beyond those of its owner and of PUBLIC. */
interface Grant {
  name: string;
  grantee: string;
}

async function readGrants(client: Queryable): Promise<Grant[]> {
  const { rows } = await client.query<Grant>(
    `SELECT DISTINCT p.proname AS name, quote_ident(pg_get_userbyid(g.grantee)) AS grantee FROM pg_proc AS p, aclexplode(p.proacl) AS g
      WHERE p.pronamespace = 'reembed'::regnamespace AND g.grantee NOT IN (0, p.proowner) ORDER BY 1, 2`,
  );
  return rows;
}

/** Grants each function again to exactly the roles it was granted to before. */
async function restoreGrants(client: Queryable, grants: Grant[]): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('GRANT EXECUTE ON ROUTINE %s TO %s', p.oid::regprocedure, g.grantee) AS statement
       FROM unnest($1::text[], $2::text[]) AS g(name, grantee) JOIN pg_proc AS p ON p.proname = g.name AND p.pronamespace = 'reembed'::regnamespace`,
    [grants.map(({ name }) => name), grants.map(({ grantee }) => grantee)],
  );
  for (const { statement } of rows) await client.query(statement);
}

/**
 * Drops the functions of an earlier version, because CREATE OR REPLACE cannot change their parameters and results. Functions that searches
 * call, that are compiled for a target, or on which other objects depend are kept and replaced in place.
 */
async function dropFunctions(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
      WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname <> ALL ($1)
        AND NOT EXISTS (SELECT FROM reembed.target AS t WHERE p.proname LIKE '%\\_' || t.suffix)
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.deptype = 'n')`,
    [KEPT],
  );
  for (const { name } of rows) await client.query(`DROP ROUTINE ${name}`);
}

async function storeTemplates(client: Queryable, templates: SqlFile[]): Promise<void> {
  await client.query('DELETE FROM reembed.template');
  await client.query('INSERT INTO reembed.template (name, body) SELECT * FROM unnest($1::text[], $2::text[])', [
    templates.map(({ name }) => name),
    templates.map(({ text }) => text),
  ]);
}

async function storeElementTypes(client: Queryable): Promise<void> {
  for (const [name, facts] of Object.entries(ELEMENT_TYPES)) {
    const classes = (Object.keys(DISTANCES) as Distance[]).map((distance) => operatorClassOf(name as ElementType, distance));
    await client.query(
      `INSERT INTO reembed.element_type (name, bytes_per_dimension, max_indexed_dimensions, norm_function, cosine_operator_class, l2_operator_class, inner_product_operator_class)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING`,
      [name, facts.bytesPerDimension, facts.maxIndexedDimensions, facts.normFunction, ...classes],
    );
  }
}

/** Whether the functions and views are installed. */
export async function isInstalled(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ yes: boolean }>("SELECT to_regclass('reembed.vector_column') IS NOT NULL AS yes");
  return rows[0]?.yes ?? false;
}

async function isApplied(database: Database, filesDigest: string): Promise<boolean> {
  const { rows } = await database.pool.query<{ digest: string | null }>("SELECT to_regproc('reembed.objects_digest')::text AS digest");
  if (!rows[0]?.digest) return false;
  const { rowCount } = await database.pool.query(
    'SELECT FROM reembed.installation WHERE objects_version = $1 AND files_digest = $2 AND objects_digest = reembed.objects_digest()',
    [OBJECTS_VERSION, filesDigest],
  );
  return rowCount === 1;
}

/** Drops the objects of applySqlObjects() that are not dropped together with a table, so that the tables can be dropped. */
export async function dropSqlObjects(database: Database): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<{ statement: string }>(
      `SELECT statement FROM (
         SELECT 1 AS step, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS statement
           FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = to_regclass('reembed.setting')
         UNION ALL
         -- Functions that take a row of a view go with it.
         SELECT 2, format('DROP VIEW IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relnamespace = to_regnamespace('reembed') AND relkind = 'v'
         UNION ALL
         SELECT 3, format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace = to_regnamespace('reembed')
           AND NOT EXISTS (SELECT FROM unnest(proargtypes) AS a(type) JOIN pg_type AS y ON y.oid = a.type JOIN pg_class AS c ON c.oid = y.typrelid AND c.relkind = 'v')
       ) AS objects ORDER BY step`,
    );
    for (const { statement } of rows) await client.query(statement);
    await client.query('REVOKE USAGE ON SCHEMA reembed FROM PUBLIC');
  });
}

const SQL_OBJECTS_LOCK = 7_241_865_325;
const TEMPLATES = 'target';

/** One file of sql/. */
export interface SqlFile {
  folder: string;
  /** name of the object or template */
  name: string;
  text: string;
}

/** Returns the files of sql/ in execution order: views that functions depend on, functions, views that call them, triggers. */
function readSqlFiles(isWanted: (file: SqlFile) => boolean): SqlFile[] {
  const first = ['vector_column', 'change'];
  const views = ['damage', 'health', 'progress', 'metrics'];
  const rank = ({ name, text }: SqlFile) =>
    first.includes(name) ? 0 : /^CREATE OR REPLACE VIEW/m.test(text) ? 2 : /^CREATE OR REPLACE TRIGGER/m.test(text) ? 3 : 1;
  return readdirSync(SQL_OBJECTS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sql'))
    .map((path) => ({
      folder: path.split(/[\\/]/)[0] ?? '',
      name: basename(path, '.sql'),
      text: readFileSync(join(SQL_OBJECTS, path), 'utf8'),
    }))
    .filter(isWanted)
    .sort((a, b) => rank(a) - rank(b) || views.indexOf(a.name) - views.indexOf(b.name) || a.name.localeCompare(b.name));
}

/** Returns the query of a function in sql/, in which parameters stand as $1, $2 …, for databases where it is not installed yet. */
export function queryOf(name: string, parameters: string[]): string {
  const [file] = readSqlFiles((candidate) => candidate.name === name);
  const body = file?.text.split('$$')[1]?.replace(/;\s*$/, '') ?? '';
  return parameters.reduce((query, parameter, i) => query.replaceAll(parameter, `$${i + 1}`), body);
}

/** Returns the files that hold functions, views and triggers. */
export function readSqlObjects(): SqlFile[] {
  return readSqlFiles(({ folder }) => folder !== TEMPLATES);
}

/** Names the schema of pgvector in objects as they are in the files. */
export async function inVectorSchema<T extends { text: string }>(db: Queryable, objects: T[]): Promise<T[]> {
  const schema = pg.escapeIdentifier((await readVectorExtension(db))?.schema ?? 'public');
  // A replacement function, because a schema name may contain what a replacement string treats as a pattern, such as $&.
  return objects.map((object) => ({ ...object, text: object.text.replaceAll('{vector_schema}', () => schema) }));
}
