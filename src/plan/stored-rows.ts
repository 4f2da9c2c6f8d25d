import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { OwnersConnection } from '../database/owners-connection.ts';
import { type CandidateText, candidateTexts, type TextSource } from '../embedding/disagreement/candidate-texts.ts';
import type { TableFacts } from './inspect.ts';
import { vectorTableOfFacts } from './inventory/old-vectors.ts';
import { hasTextSql } from './measure.ts';
import { inPartSql } from './part.ts';

/** A row drawn at random: its stored vector, its text, and the other texts that the vector may be of. */
export interface StoredRow {
  stored: number[];
  text: string;
  candidates: (string | null)[];
}

/** Rows drawn at random from a table, and what their other texts are. */
export interface StoredRows {
  rows: StoredRow[];
  candidates: CandidateText[];
}

const ROWS = 10;
// A text near the limit of a model would be refused, and would cost as much as all others together.
const MOST_CHARACTERS = 8000;
const MOST_CANDIDATE_CHARACTERS = 4 * MOST_CHARACTERS;
// So that a sparse column still gives enough rows, wherever they are.
const ROWS_READ = 2000;

/** Draws a few random rows that have a text and an old vector, preferably of texts that every model accepts. */
export async function drawStoredRows(db: Queryable, owner: OwnersConnection, facts: TableFacts, text: TextSource): Promise<StoredRows> {
  const candidates = await candidateTexts(db, facts.qualified, text);
  const percent = Math.min(100, (ROWS_READ / facts.rows) * 100);
  const sampled = percent < 100 ? await drawPlaces(owner, facts, text, `TABLESAMPLE SYSTEM (${percent.toFixed(4)})`) : [];
  const places = sampled.length < ROWS ? await drawPlaces(owner, facts, text, '') : sampled;
  return { rows: await readPlaces(owner, facts, text, candidates, places), candidates };
}

/** Where a row is stored: the OID of the table or partition, and its ctid. */
interface Place {
  leaf: string;
  place: string;
}

/** Draws rows by their place, so that the other texts are computed for these only. */
async function drawPlaces(owner: OwnersConnection, facts: TableFacts, { textSql }: TextSource, sample: string): Promise<Place[]> {
  const side = facts.sideTable === null ? undefined : vectorTableOfFacts(facts);
  const vector = pg.escapeIdentifier(facts.column);
  const hasVector = side
    ? `EXISTS (SELECT FROM ${side} AS v WHERE ${sameKey(facts)} AND v.${vector} IS NOT NULL)`
    : `t.${vector} IS NOT NULL`;
  const { rows } = await owner.query<Place>(
    `SELECT t.tableoid::bigint::text AS leaf, t.ctid::text AS place FROM ${facts.qualified} AS t ${sample} WHERE ${inPartSql(facts)} AND ${hasTextSql(textSql)} AND ${hasVector}
      ORDER BY length((${textSql})::text) > ${MOST_CHARACTERS}, random() LIMIT ${ROWS}`,
  );
  return rows;
}

async function readPlaces(
  owner: OwnersConnection,
  facts: TableFacts,
  { textSql }: TextSource,
  candidates: readonly CandidateText[],
  places: readonly Place[],
): Promise<StoredRow[]> {
  const vector = pg.escapeIdentifier(facts.column);
  const stored =
    facts.sideTable === null ? `t.${vector}` : `(SELECT v.${vector} FROM ${vectorTableOfFacts(facts)} AS v WHERE ${sameKey(facts)})`;
  const texts = candidates.map(({ sql }) => `left((${sql})::text, ${MOST_CANDIDATE_CHARACTERS})`).join(', ');
  const { rows } = await owner.query<Omit<StoredRow, 'stored'> & { stored: string }>(
    `SELECT ${stored}::text AS stored, (${textSql})::text AS text, ARRAY[${texts}]::text[] AS candidates
       FROM ${facts.qualified} AS t WHERE t.ctid = ANY ($1::tid[]) AND (t.tableoid, t.ctid) IN (SELECT * FROM unnest($2::oid[], $1::tid[]))`,
    [places.map(({ place }) => place), places.map(({ leaf }) => leaf)],
  );
  return rows.map(({ stored: shown, ...row }) => ({ ...row, stored: JSON.parse(shown) as number[] }));
}

function sameKey({ keyColumns }: TableFacts): string {
  return keyColumns
    .map((name) => pg.escapeIdentifier(name))
    .map((name) => `v.${name} = t.${name}`)
    .join(' AND ');
}
