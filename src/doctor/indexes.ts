import type { PhaseName } from '../database/migration-file.ts';
import { counted, formatBytes } from '../wording.ts';
import { type Check, error, ok, type Verdict, warn } from './check.ts';
import type { Target } from './registered-targets.ts';
import { listed } from './wording.ts';

const BEFORE_INDEX: readonly PhaseName[] = ['expand', 'backfill'];
const WITH_INDEX: readonly PhaseName[] = ['index', 'switch'];

const invalid: Check = {
  name: 'indexes',
  needsSchema: true,
  async run({ db, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    const { rows } = await db.query<{ oid: number; name: string; bare: string; valid: boolean; building: boolean }>(
      `SELECT i.indrelid AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relname AS bare, i.indisvalid AND i.indisready AS valid,
              EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid) AS building
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE i.indrelid = ANY ($1::oid[]) ORDER BY 2`,
      [tables.flatMap(({ oid, sideTables, leaves }) => [oid, ...sideTables, ...leaves])],
    );
    const verdicts: Verdict[] = [];
    for (const target of tables) {
      const indexes = rows.filter(({ oid }) => oid === target.oid || target.sideTables.includes(oid) || target.leaves.includes(oid));
      const missing = target.indexNames.filter((name) => !indexes.some(({ bare }) => bare === name));
      if (WITH_INDEX.includes(target.phase)) {
        for (const name of missing) {
          verdicts.push(
            error(
              `index ${name} on ${target.table} is missing`,
              `npm run migrate down${target.phase === 'switch' ? ' 2' : ''}, then npm run migrate up`,
            ),
          );
        }
      }
      for (const { name, bare } of indexes.filter(({ valid, building }) => !valid && !building))
        verdicts.push(invalidIndex(target, name, bare));
    }
    if (tables.length === 0 || verdicts.length > 0) return verdicts;
    const building = rows.filter((row) => row.building).map(({ name }) => name);
    return ok(
      building.length > 0
        ? `${listed(building)} is being built; the others are valid`
        : `all ${rows.length} of the registered tables are valid`,
    );
  },
};

function invalidIndex({ phase, indexNames, table }: Target, name: string, bare: string): Verdict {
  const finding = `index ${name} on ${table} is INVALID: no search uses it, but every write maintains it`;
  if (!indexNames.includes(bare)) return warn(finding, `DROP INDEX CONCURRENTLY ${name}, then build it again`);
  if (BEFORE_INDEX.includes(phase)) return warn(finding, 'npm run migrate up drops it and builds it again');
  return error(finding, `REINDEX INDEX CONCURRENTLY ${name}`);
}

const memory: Check = {
  name: 'maintenance_work_mem',
  needsSchema: true,
  async run({ db, config, targets }) {
    const waiting = (await targets()).filter(
      ({ exists, phase, indexNames }) => exists && indexNames.length > 0 && BEFORE_INDEX.includes(phase),
    );
    if (waiting.length === 0) return [];
    const { rows } = await db.query<{ table: string; rows: number; limit: number; needed: number; megabytes: number; fits: boolean }>(
      `SELECT c.oid::regclass::text AS table, rows, l.bytes::double precision AS limit, b.bytes::double precision AS needed,
              ceil(b.bytes / 1048576.0 * 1.2)::integer AS megabytes, b.bytes < l.bytes AS fits
         FROM reembed.campaign AS m
         JOIN reembed.target AS t ON t.name = m.target
         JOIN pg_class AS c ON c.oid = t.relation
         JOIN reembed.model AS o ON o.name = m.to_model
        CROSS JOIN LATERAL reembed.index_form(t.name, o.name) AS f,
              -- The ledger counted the rows; before that the planner's estimate has to do.
              LATERAL (SELECT coalesce((SELECT sum(b.rows) FROM reembed.batch AS b WHERE b.campaign = m.name), greatest(c.reltuples, 0))::bigint AS rows) AS r,
              LATERAL (SELECT reembed.index_build_bytes('hnsw', r.rows, f.dimensions, reembed.indexed_bytes(f.form, o.element_type, f.dimensions), 16, NULL) AS bytes) AS b,
              -- As phase index chooses, which sets maintenance_work_mem itself.
              LATERAL (SELECT greatest(pg_size_bytes(current_setting('maintenance_work_mem')),
                                       pg_size_bytes(coalesce($2, nullif(current_setting('reembed.index_memory', true), ''), current_setting('shared_buffers')))) AS bytes) AS l
        WHERE m.name = ANY ($1)`,
      [waiting.map(({ campaign }) => campaign), config.indexMemory ?? null],
    );
    return rows.map(({ table, rows: count, limit, needed, megabytes, fits }) => {
      const finding = `an HNSW graph over ${counted(Number(count), 'row')} of ${table} takes about ${formatBytes(needed)} (m = 16); its build may use ${formatBytes(limit)}`;
      if (fits) return ok(finding);
      return warn(
        `${finding}, so the build would take many times longer`,
        `before the index phase, if the server has that much to spare: REEMBED_INDEX_MEMORY=${megabytes}MB`,
      );
    });
  },
};

/** Checks of the indexes on registered tables. */
export const indexChecks: Check[] = [invalid, memory];
