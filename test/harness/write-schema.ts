import { writeFileSync } from 'node:fs';
import { createTestDatabase } from './database.ts';
import { dumpSchema, majorOf, SCHEMA_FILE, SCHEMA_POSTGRES } from './schema-dump.ts';

// `npm run schema`: rewrites test/schema.sql from a fresh installation on the server of TEST_DATABASE_URL.
if (!process.env.TEST_DATABASE_URL)
  throw new Error(`TEST_DATABASE_URL is not set: it has to name a server of PostgreSQL ${SCHEMA_POSTGRES}`);
const db = await createTestDatabase('installed');
try {
  const major = await majorOf(db.pool);
  if (major !== SCHEMA_POSTGRES) throw new Error(`the server of TEST_DATABASE_URL is PostgreSQL ${major}, not ${SCHEMA_POSTGRES}`);
  writeFileSync(SCHEMA_FILE, await dumpSchema(db.url));
} finally {
  await db.close();
}
