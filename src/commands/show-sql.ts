import type { Queryable } from '../database/connection.ts';

/** Returns the SQL compiled for the targets, rendered from the templates with its comments, in the order it runs. */
export async function compiledSql(db: Queryable, target: string | undefined): Promise<string> {
  const { rows } = await db.query<{ target: string; template: string; body: string }>(
    `SELECT quote_ident(t.name) AS target, r.name AS template, r.body
       FROM reembed.target AS t CROSS JOIN LATERAL reembed.rendered(t.name) WITH ORDINALITY AS r(name, body, place)
      WHERE $1::text IS NULL OR t.name = reembed.resolve_target($1) ORDER BY t.name, r.place`,
    [target ?? null],
  );
  return rows.map(({ target: name, template, body }) => `-- ${name.replace(/\s+/g, ' ')}: ${template}\n${body.trim()}\n`).join('\n');
}
