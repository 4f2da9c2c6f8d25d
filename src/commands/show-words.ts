import type { Queryable } from '../database/connection.ts';
import { visibleAll } from '../print-text.ts';

/** Messages of the provider and the database about failed rows and about failed work. They may quote the text of a row. */
export interface Words {
  failed_rows: { target: string; key: Record<string, unknown>; model: string; class: string; words: string | null }[];
  work: { subject: string; said_at: Date; words: string }[];
}

// Of each target.
const MOST_ROWS = 50;

/**
 * Reads these messages. Only the installer of pg-reembed has the privilege.
 *
 * @param target short or full name of a target; undefined for all targets
 */
export async function readWords(db: Queryable, target?: string): Promise<Words> {
  const failed = await db.query<Words['failed_rows'][number]>(
    `SELECT target, key, model, class, words
       FROM (SELECT target, key, model, class, words, row_number() OVER (PARTITION BY target ORDER BY failed_at DESC, key_digest) AS place
               FROM reembed.failed_row WHERE $1::text IS NULL OR target = reembed.resolve_target($1)) AS f
      WHERE place <= $2 ORDER BY target, place`,
    [target ?? null, MOST_ROWS],
  );
  const work = await db.query<Words['work'][number]>('SELECT subject, said_at, words FROM reembed.words ORDER BY said_at DESC');
  return { failed_rows: failed.rows, work: work.rows };
}

/** Formats the messages for people, one line each. */
export function wordsText(words: Words): string {
  const { failed_rows: rows, work } = visibleAll(words);
  const lines = [
    ...rows.map((row) => `  ${row.target} ${JSON.stringify(row.key)}, ${row.model}, ${row.class}: ${row.words ?? 'no message'}`),
    ...work.map(
      ({ subject, said_at, words: said }) => `  ${subject}, ${said_at.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${said}`,
    ),
  ];
  return lines.length === 0 ? '' : `\nMessages, which may quote texts of rows:\n${lines.join('\n')}\n`;
}
