import type { Subject } from './finding.ts';

/** A library that reads all columns of its table, and writes back what it read. */
interface Framework {
  name: string;
  /** the columns of its table, by which it is recognised */
  columns: readonly string[];
  consequence: string;
  recipe: string;
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: "Haystack's PgvectorDocumentStore",
    columns: ['id', 'embedding', 'content', 'blob_data', 'blob_meta', 'blob_mime_type', 'meta'],
    consequence:
      'it selects all columns and puts those that it does not know into the metadata: from expand until contract a document that it returns can neither be written back nor be turned into JSON',
    recipe: 'docs/recipes/haystack.md',
  },
];

/** Libraries that do not tolerate the columns of a campaign, recognised by those of their table. */
export const frameworks: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<{ columns: string[] }>(
    'SELECT array_agg(a.attname::text) AS columns FROM pg_attribute AS a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped',
    [facts.oid],
  );
  const columns = new Set(rows[0]?.columns);
  return FRAMEWORKS.filter((framework) => framework.columns.every((column) => columns.has(column))).map(
    ({ name, consequence, recipe }) => ({
      code: 'framework-reads-all-columns',
      what: `${facts.table} has the columns of ${name}`,
      consequence,
      avoid: `before expand, deploy the change of ${recipe} that leaves the new columns out; with --storage side-table the table gets none`,
      severity: 'note' as const,
      evidence: { framework: name },
      storage: 'column' as const,
    }),
  );
};
