import pg from 'pg';
import { counted, formatNumber, plural } from '../../wording.ts';
import { hasDimensions, type TableFacts } from '../inspect.ts';
import { hasTextSql } from '../measure.ts';
import { inPartSql } from '../part.ts';
import { count } from './count.ts';
import type { InventoryFinding, InventoryInput, Subject } from './finding.ts';
import { proposedParts } from './separating-columns.ts';

interface Counts {
  rows: number;
  with_text: number;
  textless_vectors: number;
  missing: number;
  dimensions: { dimensions: number; rows: number }[] | null;
}

/** Qualified and quoted name of the table that holds the old vectors. */
export function vectorTableOfFacts({ qualified, schema, sideTable }: TableFacts): string {
  return sideTable === null ? qualified : `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(sideTable)}`;
}

/** The old vectors: rows that have one and no text, rows that lack one, several dimensions in one column, NOT NULL. */
export const oldVectors: Subject = async (input) => [...notNull(input.facts), ...(await counts(input))];

function notNull({ column, notNull: is }: TableFacts): InventoryFinding[] {
  if (!is) return [];
  return [
    {
      code: 'not-null',
      what: `${column} is NOT NULL`,
      consequence:
        'the new column is not before contract, because a new row is stored before its vector; contract makes it NOT NULL if every row has a vector then, and from then on an INSERT must bring its vector',
      avoid: 'delete the last statements of the contract file, if the application leaves vectors to the workers',
      severity: 'note',
      evidence: {},
    },
  ];
}

async function counts(input: InventoryInput): Promise<InventoryFinding[]> {
  const { facts, text } = input;
  const found = await count<Counts>(input, statement(facts, text?.textSql));
  const [numbers] = found.rows ?? [];
  if (!numbers) {
    return [
      {
        code: 'old-vectors-not-counted',
        what: `rows without a text, rows without an old vector: ${found.failure}`,
        consequence: 'the gate to contract counts them',
        avoid: 'nothing to do',
        severity: 'note',
        evidence: {},
      },
    ];
  }
  return [...(text === undefined ? [] : [...textless(facts, numbers), ...missing(numbers)]), ...(await severalDimensions(input, numbers))];
}

function textless({ part }: TableFacts, { rows, with_text: withText, textless_vectors: vectors }: Counts): InventoryFinding[] {
  if (vectors === 0) return [];
  return [
    {
      code: 'rows-without-text',
      what: `${formatNumber(withText)} of ${counted(rows, 'row')} ${plural(withText, 'has', 'have')} a text; ${counted(vectors, 'row')} without a text ${plural(vectors, 'has', 'have')} a vector`,
      consequence: `${plural(vectors, 'it gets', 'they get')} no new vector: searches through the live view do not find ${plural(vectors, 'it', 'them')} from the switch on, and contract moves the old ${plural(vectors, 'vector', 'vectors')} to the archive`,
      avoid: `--text or --text-sql with what these vectors were made from${part === null ? '' : ', or a clause that leaves these rows out'}`,
      severity: 'harm',
      evidence: { rows: vectors },
      before: 'contract',
    },
  ];
}

function missing({ missing: rows }: Counts): InventoryFinding[] {
  if (rows === 0) return [];
  return [
    {
      code: 'missing-old-vectors',
      what: `${counted(rows, 'row')} with a text ${plural(rows, 'has', 'have')} no old vector`,
      consequence: `${plural(rows, 'it gets', 'they get')} a new one like every other row; a rollback would not find ${plural(rows, 'it', 'them')}`,
      avoid:
        'name the old model with --from, and workers embed these rows with it too; npm run validate also tests whether old vectors are of the present texts',
      severity: 'note',
      evidence: { rows },
    },
  ];
}

async function severalDimensions(input: InventoryInput, { dimensions }: Counts): Promise<InventoryFinding[]> {
  if (dimensions === null || dimensions.length < 2) return [];
  const proposed = await proposedParts(input);
  return [
    {
      code: 'several-dimensions',
      what: `${input.facts.column} holds vectors of ${dimensions.map((one) => `${one.dimensions} (${counted(one.rows, 'row')})`).join(' and ')} dimensions`,
      consequence: 'they are of different models: the campaign would give all rows vectors of one model',
      avoid: `migrate the rows of each model as a part, with --part NAME and ${proposed.length > 0 ? proposed.join(' or ') : '--where "collection_id = 7"'} (docs/parts-of-a-table.md)`,
      severity: 'refusal',
      evidence: { dimensions: dimensions.map((one) => one.dimensions).sort((a, b) => a - b) },
      before: 'expand',
    },
  ];
}

function statement(facts: TableFacts, textSql: string | undefined): string {
  const vector = pg.escapeIdentifier(facts.column);
  const hasText = textSql === undefined ? 'false' : hasTextSql(textSql);
  const keys = facts.keyColumns.map((name) => pg.escapeIdentifier(name)).join(', ');
  const source =
    facts.sideTable === null
      ? `(SELECT ${hasText} AS has_text, ${vector} AS vector FROM ${facts.qualified} AS t WHERE ${inPartSql(facts)})`
      : `(SELECT o.has_text, v.${vector} AS vector FROM (SELECT ${keys}, ${hasText} AS has_text FROM ${facts.qualified} AS t) AS o LEFT JOIN ${vectorTableOfFacts(facts)} AS v USING (${keys}))`;
  // A type with dimensions admits no others.
  const dimensions = hasDimensions(facts.columnType)
    ? 'NULL'
    : `(SELECT jsonb_agg(jsonb_build_object('dimensions', d.dimensions, 'rows', d.rows) ORDER BY d.rows DESC)
          FROM (SELECT ${pg.escapeIdentifier(facts.vectorSchema)}.vector_dims(s.vector) AS dimensions, count(*) AS rows FROM ${source} AS s WHERE s.vector IS NOT NULL GROUP BY 1) AS d)`;
  return `SELECT count(*) AS rows, count(*) FILTER (WHERE s.has_text) AS with_text, count(*) FILTER (WHERE NOT s.has_text AND s.vector IS NOT NULL) AS textless_vectors,
                 count(*) FILTER (WHERE s.has_text AND s.vector IS NULL) AS missing, ${dimensions} AS dimensions FROM ${source} AS s`;
}
