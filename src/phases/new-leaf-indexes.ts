import type { Database } from '../database/connection.ts';
import type { Notice } from '../database/migration-runner.ts';
import { withSession } from '../database/session.ts';
import { dropInvalidIndexes } from './3-index.ts';
import { CONCURRENT_LOCK_WAIT } from './phase.ts';

/** Builds the indexes that partitions created or attached since phase index lack. The watch builds only those of nearly empty partitions. */
export async function buildNewLeafIndexes(database: Database, notice: Notice): Promise<void> {
  const { rows } = await database.pool.query<{ campaign: string; name: string; statement: string }>(
    `SELECT m.name AS campaign, i.present_name AS name, i.statement
       FROM reembed.vector_column AS v JOIN reembed.campaign AS m ON m.name = v.campaign AND m.phase IN ('index', 'switch', 'contract')
      CROSS JOIN LATERAL reembed.leaf_indexes(m.name) AS i
      WHERE v.role = 'new' AND i.name IS NOT NULL AND NOT i.is_valid`,
  );
  for (const campaign of new Set(rows.map((row) => row.campaign))) {
    await database.pool.query('SELECT reembed.plan_leaf_indexes($1)', [campaign]);
    await dropInvalidIndexes(database, campaign, notice);
  }
  for (const { name, statement } of rows) {
    await withSession(database.url, 'pg-reembed migrate', async (client) => {
      await client.query(CONCURRENT_LOCK_WAIT);
      await client.query(statement);
    });
    notice(`index ${name} of a new partition was built`);
  }
}
