import { readFileSync } from 'node:fs';
import test from 'ava';
import { createTestDatabase } from './harness/database.ts';
import { dumpSchema, headOfSchema, majorOf, SCHEMA_FILE, SCHEMA_POSTGRES } from './harness/schema-dump.ts';

const REWRITE = `if the change is meant, run: TEST_DATABASE_URL=postgres://… npm run schema (PostgreSQL ${SCHEMA_POSTGRES})`;

const recorded = () => readFileSync(SCHEMA_FILE, 'utf8');

test('test/schema.sql states the versions of PostgreSQL and of the pg-boss that is installed', (t) => {
  t.is(recorded().split('\n')[0], headOfSchema(), REWRITE);
});

// pg_dump speaks to no embedded database.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

testOnServer?.('a fresh installation has the schema that test/schema.sql records', async (t) => {
  const db = await createTestDatabase('installed');
  t.teardown(db.close);
  const major = await majorOf(db.pool);
  if (major !== SCHEMA_POSTGRES) {
    t.pass(`PostgreSQL ${major} writes the same schema differently`);
    return;
  }
  const [wanted, found] = [recorded(), await dumpSchema(db.url)].map((text) => text.split('\n\n'));
  // The statements that differ, because a difference of four thousand lines is not readable.
  const [before, after] = [new Set(wanted), new Set(found)];
  t.deepEqual(
    [
      ...(wanted ?? []).filter((statement) => !after.has(statement)).map((statement) => `- ${statement}`),
      ...(found ?? []).filter((statement) => !before.has(statement)).map((statement) => `+ ${statement}`),
    ],
    [],
    REWRITE,
  );
  t.deepEqual(found, wanted, `the order of statements differs; ${REWRITE}`);
});
