import type { Queryable } from '../database/connection.ts';

/** The live view of a target with a running campaign, and who is known to read the views of the target. */
export interface ViewReaders {
  target: string;
  /** qualified and quoted name */
  view: string;
  /** a part of a table has no other view than the live one */
  is_part: boolean;
  /** empty while nobody was seen */
  readers: string[];
}

/** Reads who is known to read the views of targets whose campaign is not finished. */
export async function readViewReaders(db: Queryable): Promise<ViewReaders[]> {
  const { rows } = await db.query<ViewReaders>(
    `SELECT t.name AS target, format('%I.%I', reembed.view_schema(t.name), t.live_view) AS view, t.part <> '' AS is_part, ARRAY(SELECT reembed.view_readers(t.name)) AS readers
       FROM reembed.target AS t
      -- The table may have been dropped.
      WHERE t.unhooked IS NULL AND reembed.view_schema(t.name) IS NOT NULL AND EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = t.name AND m.phase <> 'contract') ORDER BY t.name`,
  );
  return rows;
}

/** The reminder for a live view that nobody was seen to read; undefined for others. */
export function unreadText({ view, is_part: isPart, readers }: ViewReaders): string | undefined {
  if (readers.length > 0) return undefined;
  const others = isPart ? '' : ' (or the view or the schema of one model)';
  return `no application has been seen to read ${view}${others}: searches of the table itself stay with the old vectors`;
}
