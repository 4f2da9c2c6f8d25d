import type { InventoryFinding, Subject } from './finding.ts';
import { vectorTableOfFacts } from './old-vectors.ts';

interface Index {
  name: string;
  definition: string;
  kind: string | null;
}

/** Indexes of which the vector column is a part, and what becomes of each. */
export const vectorIndexes: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<Index>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition,
            nullif(concat_ws(', ', CASE WHEN i.indpred IS NOT NULL THEN 'partial' END, CASE WHEN 0 = ANY (i.indkey) THEN 'on an expression' END,
                   CASE WHEN i.indnatts > 1 THEN 'on several columns' END, CASE WHEN i.indisunique THEN 'unique' END,
                   CASE WHEN NOT i.indisvalid THEN 'INVALID' END), '') AS kind
       FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = $2
      WHERE i.indrelid = $1::regclass
        AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                                   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
      ORDER BY c.oid`,
    [vectorTableOfFacts(facts), facts.column],
  );
  const carried = new Set(facts.indexes.map(({ name }) => name));
  return rows.map((index) => finding(index, carried.has(index.name)));
};

function finding({ name, definition, kind }: Index, isCarried: boolean): InventoryFinding {
  return {
    code: isCarried ? 'vector-index' : 'vector-index-dropped',
    what: `index ${name}${kind === null ? '' : ` (${kind})`}: ${definition}`,
    consequence: isCarried
      ? 'phase index builds its successor on the new vectors: the same method, condition, expression and options'
      : 'contract drops it, and nothing takes its place',
    avoid: isCarried ? `--drop-index ${name}` : 'between index and switch, CREATE INDEX CONCURRENTLY on the new vectors',
    severity: 'note',
    evidence: { index: name, definition },
  };
}
