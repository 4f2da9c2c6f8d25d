import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { type Check, type Finding, runCheck } from './check.ts';
import { environmentChecks } from './environment.ts';
import { holdUpChecks } from './hold-ups.ts';
import { indexChecks } from './indexes.ts';
import { installationChecks } from './installation.ts';
import { pgvectorChecks } from './pgvector.ts';
import { poolerChecks } from './pooler.ts';
import { rightsChecks } from './rights.ts';
import { serverChecks } from './server.ts';
import { targetChecks } from './targets.ts';
import { workChecks } from './work.ts';

const checks: Check[] = [
  ...serverChecks,
  ...poolerChecks,
  ...pgvectorChecks,
  ...installationChecks,
  ...rightsChecks,
  ...targetChecks,
  ...indexChecks,
  ...workChecks,
  ...holdUpChecks,
  ...environmentChecks,
];

/** Runs all checks of the database. Changes nothing. */
export async function examineDatabase(database: Database, config: Config): Promise<Finding[]> {
  const { rows } = await database.pool.query<{ role: string; embedded: boolean; installed: boolean }>(
    // From the catalog, because to_regclass() fails without the USAGE privilege on the schema.
    `SELECT quote_ident(current_user) AS role, current_setting('reembed.embedded', true) IS NOT NULL AS embedded,
            EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'reembed' AND c.relname = 'campaign') AS installed`,
  );
  const { role = '', installed = false } = rows[0] ?? {};
  // DATABASE_URL may point to an embedded database that `npm run db` serves.
  const embedded = database.embedded || (rows[0]?.embedded ?? false);

  const findings: Finding[] = [];
  if (embedded) findings.push(embeddedFinding());
  for (const check of checks) {
    if ((embedded && check.needsServer) || (!installed && check.needsSchema)) continue;
    findings.push(...(await runCheck(check, database, { config, url: database.url, embedded, role, installed })));
  }
  return findings;
}

function embeddedFinding(): Finding {
  const skipped = checks.filter(({ needsServer }) => needsServer).map(({ name }) => name);
  return {
    name: 'database',
    level: 'ok',
    finding: `embedded PostgreSQL, meant for trials: it has one session and one role, so these checks do not apply: ${skipped.join(', ')}`,
    remedy: null,
  };
}
