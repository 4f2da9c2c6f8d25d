import type { InventoryFinding, Subject } from './finding.ts';
import { vectorTableOfFacts } from './old-vectors.ts';

interface Index {
  name: string;
  definition: string;
  kind: string | null;
  isSuccessor: boolean;
}

/** Indexes of which the vector column is a part, and what becomes of each. */
export const vectorIndexes: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<Index>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, c.relname = $3 AS "isSuccessor",
            nullif(concat_ws(', ', CASE WHEN i.indpred IS NOT NULL THEN 'partial' END, CASE WHEN 0 = ANY (i.indkey) THEN 'on an expression' END,
                   CASE WHEN i.indnatts > 1 THEN 'on several columns' END, CASE WHEN i.indisunique THEN 'unique' END,
                   CASE WHEN NOT i.indisvalid THEN 'INVALID' END), '') AS kind
       FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = $2
      WHERE i.indrelid = $1::regclass
        AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                                   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
      ORDER BY c.oid`,
    [vectorTableOfFacts(facts), facts.column, facts.indexes[0]?.name ?? null],
  );
  return rows.map(finding);
};

function finding({ name, definition, kind, isSuccessor }: Index): InventoryFinding {
  const what = `index ${name}${kind === null ? '' : ` (${kind})`}: ${definition}`;
  if (isSuccessor && kind === null) {
    return {
      code: 'vector-index',
      what,
      consequence: 'phase index builds its successor on the new vectors, with the same method and parameters',
      avoid: '--index and --index-with choose others',
      severity: 'note',
      evidence: { index: name },
    };
  }
  return {
    code: 'vector-index-dropped',
    what,
    consequence: isSuccessor
      ? 'its successor is built on all new vectors, without what is special about it; contract drops it'
      : 'contract drops it, and nothing takes its place; down of contract builds it again',
    avoid: 'between index and switch, CREATE INDEX CONCURRENTLY on the new vectors',
    severity: 'note',
    evidence: { index: name, definition },
  };
}
