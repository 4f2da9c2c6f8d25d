import { formatBytes } from '../../wording.ts';
import type { InventoryFinding, InventoryInput, Subject } from './finding.ts';

/** Tablespaces, and the space that row versions take. */
export const disk: Subject = async (input) => [rowVersions(input), ...(await tablespaces(input))];

function rowVersions({ facts }: InventoryInput): InventoryFinding {
  return {
    code: 'disk',
    what: `${facts.table} has ${formatBytes(facts.rows * facts.rowBytes)} of rows, ${formatBytes(facts.tableBytes)} with indexes and large values`,
    consequence:
      'storing a vector writes a new version of its row: the table may grow by as much as it has until VACUUM frees the old ones, and contract, which drops the old column, frees nothing until rows are rewritten',
    avoid: '--storage side-table, which takes the new vectors and their index only',
    severity: 'note',
    evidence: {},
    storage: 'column',
  };
}

async function tablespaces({ db, facts }: InventoryInput): Promise<InventoryFinding[]> {
  const { rows } = await db.query<{ table: string | null; indexes: string[] }>(
    `SELECT (SELECT quote_ident(s.spcname) FROM pg_class AS c JOIN pg_tablespace AS s ON s.oid = c.reltablespace WHERE c.oid = $1) AS table,
            ARRAY(SELECT format('%I (%I)', c.relname, s.spcname) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
                    JOIN pg_tablespace AS s ON s.oid = c.reltablespace WHERE i.indrelid = $1 ORDER BY 1) AS indexes`,
    [facts.oid],
  );
  const { table = null, indexes = [] } = rows[0] ?? {};
  if (table === null && indexes.length === 0) return [];
  return [
    {
      code: 'tablespaces',
      what: [
        table === null ? '' : `the table is in tablespace ${table}`,
        indexes.length === 0 ? '' : `indexes in tablespaces: ${indexes.join(', ')}`,
      ]
        .filter(Boolean)
        .join('; '),
      consequence:
        'a side table and the archive are created in the tablespace of the table, and each new index in that of the index it succeeds: until contract, they need as much space there as what they replace',
      avoid: 'move the table or index before create: ALTER TABLE … SET TABLESPACE …, ALTER INDEX … SET TABLESPACE …',
      severity: 'note',
      evidence: { table, indexes },
    },
  ];
}
