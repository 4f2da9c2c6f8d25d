import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

const old = (text: string) => `'${vectorText(vectorOf(OLD_MODEL, text, OLD_DIMENSIONS))}'`;

/**
 * Every kind of statement that an application may run on the table, each on rows of its own; keys from `at` on are
 * unused. The second part uses the old model's column and writes its vectors, which an application can do until contract.
 */
export function applicationWrites(at: number): { any: Record<string, string>; withOldVector: Record<string, string> } {
  return {
    any: {
      'insert without a vector': `INSERT INTO documents (id, content) VALUES (${at}, 'inserted ${at}')`,
      'insert of a row without text': `INSERT INTO documents (id, content) VALUES (${at + 1}, NULL), (${at + 2}, '  ')`,
      'update of the text': `UPDATE documents SET content = 'changed ${at}' WHERE id IN (1, 2)`,
      'update that changes nothing': 'UPDATE documents SET content = content WHERE id IN (3, 4)',
      'upsert that inserts': `INSERT INTO documents (id, content) VALUES (${at + 3}, 'upserted') ON CONFLICT (id) DO UPDATE SET content = excluded.content`,
      'upsert that updates': `INSERT INTO documents (id, content) VALUES (5, 'upserted over ${at}') ON CONFLICT (id) DO UPDATE SET content = excluded.content`,
      delete: `DELETE FROM documents WHERE id = ${(at % 97) + 50}`,
      'change of a key': `UPDATE documents SET id = ${at + 4} WHERE id = ${(at % 89) + 200}`,
      'change of text and key at once': `UPDATE documents SET id = ${at + 5}, content = 'moved ${at}' WHERE id = ${(at % 83) + 300}`,
      'change of a text and then of its key': `UPDATE documents SET content = 'first ${at}' WHERE id = ${at + 4}; UPDATE documents SET id = ${at + 6} WHERE id = ${at + 4}`,
      'delete and insert under the same key': `DELETE FROM documents WHERE id = 6; INSERT INTO documents (id, content) VALUES (6, 'again ${at}')`,
      'text to NULL': 'UPDATE documents SET content = NULL WHERE id IN (7, 8)',
      'text to NULL and back in one transaction': `BEGIN; UPDATE documents SET content = NULL WHERE id = 9; UPDATE documents SET content = 'back ${at}' WHERE id = 9; COMMIT`,
      'text from NULL': `UPDATE documents SET content = 'no more null ${at}' WHERE id = 7`,
      'blank text of every kind': `UPDATE documents SET content = E' \\t\\r\\n' WHERE id = 10; UPDATE documents SET content = E'\\u00a0' WHERE id = 11`,
      'change that is rolled back':
        "BEGIN; UPDATE documents SET content = 'never' WHERE id = 12; INSERT INTO documents (content) VALUES ('never'); ROLLBACK",
      'change there and back': `UPDATE documents SET content = 'there' WHERE id = 13; UPDATE documents SET content = '${textOf(13)}' WHERE id = 13`,
      'bulk insert': `INSERT INTO documents (id, content) SELECT ${at} + 1000 + i, 'bulk ' || i FROM generate_series(1, 100) AS i`,
    },
    withOldVector: {
      'insert with its vector': `INSERT INTO documents (id, content, embedding) VALUES (${at + 10}, 'own ${at}', ${old(`own ${at}`)})`,
      'text and vector in one statement': `UPDATE documents SET content = 'own text ${at}', embedding = ${old(`own text ${at}`)} WHERE id = 20`,
      'text first and vector later': `UPDATE documents SET content = 'later ${at}' WHERE id = 21; UPDATE documents SET embedding = ${old(`later ${at}`)} WHERE id = 21`,
      'vector alone': `UPDATE documents SET embedding = ${old(textOf(22))} WHERE id = 22`,
    },
  };
}

/** Runs the statements one after another. */
export async function runWrites(db: { query(text: string): Promise<unknown> }, statements: Record<string, string>): Promise<void> {
  for (const [what, text] of Object.entries(statements)) {
    await db.query(text).catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
  }
}
