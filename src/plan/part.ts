import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { OwnersConnection } from '../database/owners-connection.ts';
import { isInstalled, queryOf } from '../database/sql-objects.ts';
import { UsageError } from '../errors.ts';
import type { TableFacts } from './inspect.ts';
import { BadPart, EmptyPart, PartOfPartitions, PartRefused, PartsOverlap, WholeOrParts } from './part-error.ts';

/** Code of a clause that may fail on a row: only contract minds. */
export const CLAUSE_MAY_FAIL = 'clause-may-fail';

/** The rows of a table that a campaign migrates, where these are not all. */
export interface Part {
  name: string;
  /** boolean SQL over the columns of the row, named t */
  where: string;
  /** functions of the clause that may fail on a row, as far as PostgreSQL knows */
  mayFail: string[];
}

/** What the command line says of the part. */
export interface WrittenPart {
  part?: string | undefined;
  where?: string | undefined;
}

/** SQL of whether the row with alias t belongs to the part; a comment at the end of the clause ends with its line. */
export function inPartSql({ part }: Pick<TableFacts, 'part'>): string {
  return part === null ? 'true' : `(${part.where}\n)`;
}

/**
 * Checks the part that is asked for without running the clause, because it may call a function of the table's owner.
 *
 * @param db a connection in a transaction that may still write: a temporary view is created and dropped
 * @throws UsageError, PartRefused, BadPart, PartsOverlap, WholeOrParts, PartOfPartitions
 */
export async function examinePart(db: Queryable, facts: TableFacts, { part, where }: WrittenPart): Promise<Part | null> {
  await refuseOthers(db, facts, part ?? '', where);
  if (part === undefined && where === undefined) return null;
  if (part === undefined || where === undefined)
    throw new UsageError('--part and --where belong together', 'give both: --part NAME --where "collection_id = 7"');
  if (!/^[a-z][a-z0-9_]{0,29}$/.test(part))
    throw new UsageError(`"${part}" cannot be the name of a part`, 'give --part NAME, of up to 30 small letters, digits and _');
  if (facts.leaves !== null) throw new PartOfPartitions(facts.table);
  const mayFail = await refuseFaults(db, facts, where);
  await refuseOverlap(db, facts, { name: part, where });
  return { name: part, where, mayFail };
}

/**
 * Narrows the facts of a table to those of a part. The clause runs with the rights of the table's owner.
 *
 * @throws EmptyPart
 */
export async function narrowToPart(owner: OwnersConnection, facts: TableFacts, part: Part | null): Promise<TableFacts> {
  if (part === null) return facts;
  const vector = pg.escapeIdentifier(facts.column);
  const condition = inPartSql({ part });
  const [counted] = (await owner.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${facts.qualified} AS t WHERE ${condition}`)).rows;
  if (!counted?.rows) throw new EmptyPart(facts.table, part.where);
  const dimensions = await owner.query<{ dimensions: number }>(
    `SELECT ${pg.escapeIdentifier(facts.vectorSchema)}.vector_dims(t.${vector}) AS dimensions FROM ${facts.qualified} AS t WHERE ${condition} AND t.${vector} IS NOT NULL LIMIT 1`,
  );
  const partIndexes = await indexesOfPart(owner, facts, part);
  // Other old indexes stay, and the new vectors are in a side table at first, so none is planned as a successor.
  return { ...facts, part, rows: counted.rows, dimensions: dimensions.rows[0]?.dimensions ?? facts.dimensions, indexes: [], partIndexes };
}

/** Names of the indexes of which PostgreSQL proves that every row in them belongs to the part; as reembed.part_indexes(), which need not be installed. */
async function indexesOfPart(owner: OwnersConnection, { qualified, indexes }: TableFacts, { where }: Part): Promise<string[]> {
  await owner.query("SELECT set_config('constraint_exclusion', 'on', true)");
  const own: string[] = [];
  for (const { name, predicate } of indexes) {
    if (predicate === null) continue;
    const { rows } = await owner.query<{ 'QUERY PLAN': { Plan: Record<string, unknown> }[] }>(
      `EXPLAIN (FORMAT JSON) SELECT FROM ${qualified} AS t WHERE ${predicate} AND (${where}\n) IS NOT TRUE`,
    );
    if (rows[0]?.['QUERY PLAN'][0]?.Plan['One-Time Filter'] === 'false') own.push(name);
  }
  return own;
}

/** @returns functions of the clause that may fail on a row */
async function refuseFaults(db: Queryable, { qualified }: TableFacts, clause: string): Promise<string[]> {
  // A statement that runs with the rights of the owner replaces it.
  if (/\$\d/.test(clause)) throw new BadPart(clause, 'a dollar sign is followed by a digit');
  try {
    // Written twice, so that what closes a parenthesis of ours is a syntax error.
    await db.query(
      `CREATE TEMPORARY VIEW reembed_part AS SELECT FROM ${qualified} AS t WHERE (${clause}\n) AND CASE WHEN ${clause}\n THEN true ELSE false END`,
    );
  } catch (error) {
    if (error instanceof pg.DatabaseError && /^(0A|22|42)/.test(error.code ?? '')) throw new BadPart(clause, error.message);
    throw error;
  }
  const query = queryOf('part_faults', ['p_view']).replaceAll('$1', "'pg_temp.reembed_part'::regclass");
  const { rows } = await db.query<{ code: string; object: string }>(
    `SELECT f.code, f.object FROM (${query}) AS f(code, object) ORDER BY 1, 2`,
  );
  await db.query('DROP VIEW pg_temp.reembed_part');
  const [mayFail, faults] = [rows.filter(isNoFault), rows.filter((row) => !isNoFault(row))];
  if (faults[0]) throw new PartRefused(faults[0].code, clause, faults[0].object);
  return mayFail.map(({ object }) => object);
}

const isNoFault = ({ code }: { code: string }) => code === CLAUSE_MAY_FAIL;

async function refuseOthers(db: Queryable, facts: TableFacts, part: string, where: string | undefined): Promise<void> {
  for (const other of await otherTargets(db, facts, part)) {
    if (part === '' && where === undefined) throw new WholeOrParts(other.name, part);
    if (other.where === null) throw new WholeOrParts(other.name, part);
  }
}

async function refuseOverlap(db: Queryable, facts: TableFacts, part: Pick<Part, 'name' | 'where'>): Promise<void> {
  for (const other of await otherTargets(db, facts, part.name)) {
    const { rows } = await db.query<{ disjoint: boolean }>('SELECT reembed.parts_are_disjoint($1::oid::regclass, $2, $3) AS disjoint', [
      facts.oid,
      part.where,
      other.where,
    ]);
    if (!rows[0]?.disjoint) throw new PartsOverlap(part.name, other.name);
  }
}

async function otherTargets(db: Queryable, { oid, column }: TableFacts, part: string): Promise<{ name: string; where: string | null }[]> {
  if (!(await isInstalled(db))) return [];
  const { rows } = await db.query<{ name: string; where: string | null }>(
    'SELECT t.name, t.part_sql AS where FROM reembed.target AS t WHERE t.relation = $1 AND t.column_name = $2 AND t.part <> $3 ORDER BY t.name',
    [oid, column, part],
  );
  return rows;
}
