import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { OwnersConnection } from '../database/owners-connection.ts';
import { type CandidateText, candidateTexts, type TextSource } from '../embedding/disagreement/candidate-texts.ts';
import type { TableFacts } from './inspect.ts';
import { vectorTableOfFacts } from './inventory/old-vectors.ts';
import { hasTextSql } from './measure.ts';

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
// So that a sparse column still gives enough rows, wherever they are.
const ROWS_READ = 2000;

/** Draws a few random rows that have a text and an old vector, preferably of texts that every model accepts. */
export async function drawStoredRows(db: Queryable, owner: OwnersConnection, facts: TableFacts, text: TextSource): Promise<StoredRows> {
  const candidates = await candidateTexts(db, facts.qualified, text);
  const percent = Math.min(100, (ROWS_READ / facts.rows) * 100);
  const sampled = percent < 100 ? await draw(owner, facts, text, candidates, `TABLESAMPLE BERNOULLI (${percent.toFixed(4)})`) : [];
  return { rows: sampled.length < ROWS ? await draw(owner, facts, text, candidates, '') : sampled, candidates };
}

async function draw(
  owner: OwnersConnection,
  facts: TableFacts,
  { textSql }: TextSource,
  candidates: readonly CandidateText[],
  sample: string,
): Promise<StoredRow[]> {
  const [vector, keys] = [pg.escapeIdentifier(facts.column), facts.keyColumns.map((name) => pg.escapeIdentifier(name)).join(', ')];
  // The text is read before a side table is joined, because its column names could make those of the text ambiguous.
  const side = facts.sideTable !== null;
  const { rows } = await owner.query<Omit<StoredRow, 'stored'> & { stored: string }>(
    `SELECT d.stored::text AS stored, d.text, d.candidates
       FROM (SELECT ${side ? `v.${vector}` : 'o.vector'} AS stored, o.text, o.candidates
               FROM (SELECT ${side ? keys : `${vector} AS vector`}, (${textSql})::text AS text,
                            ARRAY[${candidates.map(({ sql }) => `left((${sql})::text, ${4 * MOST_CHARACTERS})`).join(', ')}]::text[] AS candidates
                       FROM ${facts.qualified} AS t ${sample} WHERE ${hasTextSql(textSql)}) AS o
               ${side ? `JOIN ${vectorTableOfFacts(facts)} AS v USING (${keys})` : ''}
              WHERE ${side ? `v.${vector}` : 'o.vector'} IS NOT NULL
              ORDER BY length(o.text) > ${MOST_CHARACTERS}, random() LIMIT ${ROWS}) AS d`,
  );
  return rows.map(({ stored, ...row }) => ({ ...row, stored: JSON.parse(stored) as number[] }));
}
