import type { Mutant } from './mutant.ts';

/** Faults that a review found, outside what storms do. */
export const FOUND_BY_REVIEW: Mutant[] = [
  {
    fault: 'quota refilled twice',
    mend: 'the clock is read after the wait for the row',
    test: 'quota',
    title: 'time that a worker spends waiting for the row of the quota is not refilled a second time',
    says: /requests granted/,
    edits: [
      {
        file: 'sql/backfill/take_quota.sql',
        find: '  v_now timestamptz;\n',
        replace: '  v_now timestamptz := clock_timestamp();\n',
      },
      { file: 'sql/backfill/take_quota.sql', find: '  v_now := clock_timestamp();\n', replace: '' },
    ],
  },
  {
    fault: 'shadow reads trimmed in the transaction of the application',
    mend: 'rows that another transaction has locked are skipped',
    test: 'shadow-reads',
    title: 'a shadow read is recorded without waiting for a transaction that trims at the same moment',
    says: /lock timeout/,
    edits: [{ file: 'sql/watch/trim_shadow_reads.sql', find: ' FOR UPDATE OF r SKIP LOCKED', replace: '' }],
  },
  {
    fault: 'shadow reads trimmed in the transaction of the application',
    mend: 'no search for old rows under SERIALIZABLE',
    test: 'shadow-reads',
    title: 'two SERIALIZABLE transactions that record shadow reads at the same time both commit',
    says: /read\/write dependencies/,
    edits: [
      {
        file: 'sql/watch/record_shadow_read.sql',
        find: " AND current_setting('transaction_isolation') <> 'serializable'",
        replace: '',
      },
    ],
  },
  {
    fault: 'a crash between the commit of a migration and its digest',
    mend: 'the digest is committed with the row',
    test: 'migration-record',
    title: 'a file without a transaction that is edited after a crash that followed its last statement is refused',
    says: /migration_file_unverified/,
    edits: [
      { file: 'src/database/migration-runner.ts', find: '{ ...settings, [DIGEST_SETTING]: file.sha256 }', replace: 'settings' },
      {
        file: 'src/database/migration-runner.ts',
        find: '      noteMigration(database, file.name, direction);\n',
        replace: "      await client.query('UPDATE reembed.schema_migration SET sha256 = $1 WHERE name = $2', [file.sha256, file.name]);\n",
      },
    ],
  },
  {
    fault: 'the lock of the runner is cut',
    mend: 'before each file the server is asked whether the lock is still held',
    test: 'runner-lock',
    title: 'a runner whose lock was cut between two files stops where another runner has taken it',
    says: /Promise resolved/,
    edits: [
      {
        file: 'src/database/runner-lock.ts',
        find: '  if (!(await runner.session.isHeld())) {',
        replace: '  if (false) {',
      },
    ],
  },
  {
    fault: 'the lock of the runner is cut',
    mend: 'a runner stops when another has run a migration since it began',
    test: 'runner-lock',
    title: 'a runner whose lock was cut stops where another runner has come and gone',
    says: /Promise resolved/,
    edits: [
      {
        file: 'src/database/runner-lock.ts',
        find: "throw new RunnerOvertaken('another migration has run since this one began');",
        replace: 'return;',
      },
    ],
  },
  {
    fault: 'the lock of the runner is cut',
    mend: 'the session of a file holds a lock of its own',
    test: 'runner-lock',
    title: 'while a file runs, no file of another runner begins, even where the lock was cut',
    says: /Promise resolved/,
    edits: [{ file: 'src/database/runner-session.ts', find: '    if (rows[0]?.locked) break;', replace: '    break;' }],
  },
  {
    fault: 'the lock of the runner is cut',
    mend: 'its session has no idle_session_timeout',
    test: 'runner-lock',
    title: 'idle_session_timeout does not take the lock from a runner',
    says: /Promise resolved/,
    edits: [{ file: 'src/database/runner-session.ts', find: "    await setIdleTimeout(client, '0');\n", replace: '' }],
  },
  {
    fault: 'the lock of the runner is cut',
    mend: 'its connection does not idle',
    test: 'runner-lock',
    title: 'the connection of the lock does not idle',
    says: /the connection of the lock does not idle/,
    edits: [{ file: 'src/database/runner-session.ts', find: 'KEEP_ALIVE_MS = 5000', replace: 'KEEP_ALIVE_MS = 500_000' }],
  },
  {
    fault: 'queue: [object Object]',
    mend: 'an error may be a plain object',
    test: 'errors',
    title: 'a worker says what is wrong with the queue',
    says: /object Object/,
    edits: [
      {
        file: 'src/errors.ts',
        find: "  if (typeof error !== 'object' || error === null) return String(error);",
        replace: '  if (!(error instanceof Error)) return String(error);',
      },
    ],
  },
  {
    fault: 'EPIPE',
    mend: 'a command outlives the reader of its output',
    test: 'errors',
    title: 'a command whose output nobody reads any more ends as it would otherwise',
    says: /Difference/,
    edits: [{ file: 'src/cli.ts', find: "if (error.code !== 'EPIPE') throw error;", replace: 'throw error;' }],
  },
  {
    fault: 'an alert that the webhook refuses',
    mend: 'what was tried longest ago is posted first',
    test: 'watch-webhook',
    title: 'an alert that the receiver refuses keeps no other from being posted',
    says: /Difference/,
    edits: [{ file: 'sql/watch/alert_news.sql', find: 'ORDER BY a.post_tried_at NULLS FIRST, n.at', replace: 'ORDER BY n.at' }],
  },
  {
    fault: 'an old alert is still open',
    mend: 'an opening is news while the alert is open',
    test: 'watch-webhook',
    title: 'an alert is posted however old it is while it is open, and its end as well',
    says: /Difference/,
    edits: [{ file: 'sql/watch/alert_news.sql', find: 'a.closed_at IS NULL OR a.opened_at >', replace: 'a.opened_at >' }],
  },
  {
    fault: 'the queue keeps the DETAIL of an error',
    mend: 'a job fails with codes and names alone',
    test: 'words',
    title: 'what PostgreSQL and functions of the user say of a row is kept where nobody reads it unasked',
    says: /job/,
    edits: [{ file: 'src/worker/worker.ts', find: 'throw new Error(plainMessageOf(error));', replace: 'throw error;' }],
  },
  {
    fault: 'a key in base64',
    mend: 'secrets are masked in any encoding',
    test: 'secrets',
    title: 'of base64 with the secret in its middle nothing is left that gives the secret',
    says: /is not `false`/,
    edits: [{ file: 'src/secrets.ts', find: 'return [0, 1, 2].flatMap((before) => {', replace: 'return [0].flatMap((before) => {' }],
  },
];
