import { createRequire } from 'node:module';
import { readMigrationState } from '../database/migration-runner.ts';
import { inVectorSchema, readSqlObjects } from '../database/sql-objects.ts';
import { ReembedError } from '../errors.ts';
import { type Check, error, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

const UP = 'npm run migrate up';

const schema: Check = {
  name: 'installation',
  async run({ db, installed }) {
    if (installed) return ok('schema reembed is installed');
    const { rows } = await db.query<{ begun: boolean }>(`SELECT to_regnamespace('reembed') IS NOT NULL AS begun`);
    if (rows[0]?.begun) return warn('schema reembed exists without its tables: an installation was not finished', UP);
    return ok(`not installed yet; start with: npm run migrate create, then ${UP}`);
  },
};

const migrationFiles: Check = {
  name: 'migration files',
  async run({ db, config, installed }) {
    try {
      const { applied, pending } = await readMigrationState(db, config.migrationsDirectory);
      const own = pending.filter(({ campaign }) => !campaign);
      if (installed && own.length > 0)
        return warn(`the tables are older than the toolkit; pending: ${listed(own.map(({ name }) => name))}`, UP);
      const [next] = pending;
      return ok(`${applied.length} applied${next ? `, ${pending.length} pending, next ${next.name}` : ''}`);
    } catch (thrown) {
      if (thrown instanceof ReembedError) return error(thrown.message, thrown.remedy);
      throw thrown;
    }
  },
};

const queue: Check = {
  name: 'queue',
  needsSchema: true,
  async run({ db }) {
    const wanted = queueSchemaOfLibrary();
    const { rows: there } = await db.query<{ isThere: boolean }>(`SELECT to_regclass('reembed_queue.version') IS NOT NULL AS "isThere"`);
    if (!there[0]?.isThere) return error('the queue (schema reembed_queue) is missing', UP);
    const { rows } = await db.query<{ version: number; queues: string[] }>(
      `SELECT version, ARRAY(SELECT q.name FROM (SELECT unnest(ARRAY['reembed-abandoned', 'reembed-dead'])
                                     UNION ALL
                                     SELECT kind || '_' || t.suffix FROM reembed.target AS t, unnest(ARRAY['batch', 'catch_up', 'provider_batch', 'watch']) AS kind) AS q(name)
                              WHERE NOT EXISTS (SELECT FROM reembed_queue.queue AS k WHERE k.name = q.name)) AS queues FROM reembed_queue.version`,
    );
    const { version, queues = [] } = rows[0] ?? {};
    const reinstall = 'recreate the queue, which the ledger fills again: npm run migrate down until 0002_queue is down, then up';
    if (version !== wanted)
      return error(
        `the queue has schema version ${version ?? 'none'}, the installed pg-boss needs ${wanted}`,
        `npm ci, to get the pg-boss this version was made for; else ${reinstall}`,
      );
    if (queues.length > 0) return error(`queue ${listed(queues)} is missing`, reinstall);
    return ok(`pg-boss schema version ${version}`);
  },
};

/**
 * Schema version that the pg-boss library expects. Read from its package.json, because pg-boss reports it only with a connection of its
 * own.
 */
function queueSchemaOfLibrary(): number {
  const { pgboss } = createRequire(import.meta.url)('pg-boss/package.json') as { pgboss: { schema: number } };
  return pgboss.schema;
}

interface SqlObject {
  kind: string;
  name: string;
  /** text of the whole file */
  text: string;
}

const sqlObjects: Check = {
  name: 'sql objects',
  needsSchema: true,
  async run({ db }) {
    const wanted = await inVectorSchema(db, wantedObjects());
    const { rows } = await db.query<{ kind: string; name: string; body: string; disabledOn: string | null }>(
      `SELECT CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind, proname AS name, prosrc AS body, NULL AS "disabledOn"
         FROM pg_proc WHERE pronamespace = to_regnamespace('reembed')
       UNION ALL
       SELECT 'VIEW', relname, '', NULL FROM pg_class WHERE relnamespace = to_regnamespace('reembed') AND relkind = 'v'
       UNION ALL
       SELECT 'TRIGGER', tgname, '', CASE tgenabled WHEN 'D' THEN tgrelid::regclass::text END
         FROM pg_trigger WHERE tgrelid IN (to_regclass('reembed.setting'), to_regclass('reembed.bridge')) AND NOT tgisinternal`,
    );
    const found = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
    const missing = wanted.filter(({ kind, name }) => !found.has(`${kind} ${name}`));
    const other = wanted.filter(({ kind, name, text }) => !text.includes(found.get(`${kind} ${name}`)?.body ?? ''));
    const verdicts: Verdict[] = [];
    if (missing.length > 0)
      verdicts.push(error(`missing in schema reembed: ${listed(missing.map(({ kind, name }) => `${kind.toLowerCase()} ${name}`))}`, UP));
    for (const { name, disabledOn } of rows) {
      if (disabledOn === null) continue;
      const problem = `trigger ${name} on ${disabledOn} is disabled: what is changed there has no effect`;
      verdicts.push(error(problem, `ALTER TABLE ${disabledOn} ENABLE TRIGGER ALL`));
    }
    if (other.length > 0) verdicts.push(warn(`not the version of this toolkit: ${listed(other.map(({ name }) => `reembed.${name}`))}`, UP));
    return verdicts.length > 0 ? verdicts : ok(`all ${wanted.length} functions, views and triggers are in place`);
  },
};

function wantedObjects(): SqlObject[] {
  return readSqlObjects().flatMap(({ text }) =>
    [...text.matchAll(/^CREATE OR REPLACE (\w+) (?:reembed\.)?(\w+)/gm)].map(([, kind = '', name = '']) => ({ kind, name, text })),
  );
}

/** Checks of the toolkit's own objects in the database. */
export const installationChecks: Check[] = [schema, migrationFiles, queue, sqlObjects];
