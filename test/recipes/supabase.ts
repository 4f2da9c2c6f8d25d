import pg from 'pg';
import { textOf, vectorText } from '../harness/documents.ts';
import { vectorOf } from '../harness/provider.ts';
import type { Deployment } from './program.ts';
import type { Platform } from './recipes.ts';
import { OLD } from './texts.ts';

/** User of the page, and another one whose rows the user may not see. */
const USER = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
export const OWN_ROWS = `owner = '${USER}'`;

const MADE_HERE = 'made by npm run recipes';

/** What each Supabase project has: the role of signed-in users, with rights on every new table, and the function that names the user. */
const PROJECT = `
  DO $$ BEGIN
    CREATE ROLE authenticated;
    COMMENT ON ROLE authenticated IS '${MADE_HERE}';
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$;
  CREATE SCHEMA auth;
  CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
  GRANT USAGE ON SCHEMA auth, public TO authenticated;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO authenticated;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO authenticated;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO authenticated`;

/** The parts of Supabase that a page uses, on a server of PostgreSQL alone. */
export const SUPABASE: Platform = {
  async open(pool) {
    await pool.query(PROJECT);
  },
  // They would be the nearest of all, because they have the texts of the queries.
  async addHiddenRows(pool) {
    for (const [i, text] of [textOf(7), 'a silver bridge in the garden'].entries()) {
      await pool.query('INSERT INTO documents (id, owner, content, embedding) VALUES ($1, $2, $3, $4)', [
        -1 - i,
        OTHER,
        text,
        vectorText(vectorOf(OLD.name, text, OLD.dimensions)),
      ]);
    }
  },
  async checkHiddenRows(pool, columns) {
    const filled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ');
    const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::integer AS n FROM documents WHERE owner = $1 AND ${filled}`, [
      OTHER,
    ]);
    if (rows[0]?.n !== 2) throw new Error(`${rows[0]?.n} rows of another user have ${columns}, not 2`);
  },
  async close(server) {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      const { rows } = await client.query(
        "SELECT FROM pg_roles WHERE rolname = 'authenticated' AND shobj_description(oid, 'pg_authid') = $1",
        [MADE_HERE],
      );
      if (rows.length > 0) await client.query('DROP ROLE authenticated');
    } catch (error) {
      // Another run still uses the role, and removes it.
      if ((error as { code?: string }).code !== '2BP01') throw error;
    } finally {
      await client.end();
    }
  },
};

/** A user changes and removes rows of another one, which row level security turns into nothing; the hidden rows are counted later. */
export async function writeHiddenRows(deployment: Deployment): Promise<void> {
  await deployment.call('app', 'change', '-1', 'a text of the wrong user');
  await deployment.call('app', 'remove', '-2');
}
