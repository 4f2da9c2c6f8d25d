import type { Mutant } from './mutant.ts';

/** One or more for each thing that a storm does to workers, to the queue and the ledger, to the server and to the operator. */
export const HARM: Mutant[] = [
  {
    fault: 'SIGKILL of a worker',
    fix: 'a job whose worker shows no sign of life for 10 s is given to another',
    test: 'worker',
    title: 'what a killed worker held is taken up by the next one',
    says: /timeout exceeded/i,
    edits: [{ file: 'sql/backfill/enqueue.sql', find: 'q.dead_letter, q.heartbeat_seconds\n', replace: 'q.dead_letter, NULL\n' }],
  },
  {
    fault: 'SIGTERM of a worker',
    fix: 'requests under way are still answered, because they are paid for',
    test: 'worker-faults',
    title: 'a batch whose requests are many is stopped between two of them, and what they brought is stored',
    says: /\d+ rows|no text was paid for twice/,
    edits: [
      { file: 'src/worker/worker.ts', find: 'setTimeout(() => cutOff.abort(), DRAIN_MS)', replace: 'setTimeout(() => cutOff.abort(), 0)' },
    ],
  },
  {
    fault: 'worker frozen',
    fix: 'a vector is stored only if the text of its row is still the one that was embedded',
    test: 'live-writes-sessions',
    title: 'a text that changes while it is being embedded never gets the vector of what it was',
    says: /stored for a moment/,
    edits: [
      {
        file: 'sql/target/store_column.sql',
        find: 'WHERE f.fits AND {still_fits} AND p_model',
        replace: 'WHERE {still_fits} AND p_model',
      },
    ],
  },
  {
    fault: 'backend terminated',
    fix: 'an idle connection that is closed ends no process',
    test: 'worker-recovery',
    title: 'a worker whose connections are terminated again and again goes on',
    says: /the worker ended/,
    edits: [{ file: 'src/database/connection.ts', find: "  pool.on('error', () => {});\n", replace: '' }],
  },
  {
    fault: 'backend terminated',
    fix: 'trouble of the queue is said, and ends no process',
    test: 'worker-recovery',
    title: 'a worker whose connections are terminated again and again goes on',
    says: /the worker ended/,
    edits: [{ file: 'src/worker/worker.ts', find: "  boss.on('error', (error) => {", replace: "  boss.on('no error', (error) => {" }],
  },
  {
    fault: 'server crashed',
    fix: 'a lost connection is waited out',
    test: 'worker-recovery',
    title: 'a worker waits out a server that is away, and goes on when it is back',
    says: /the worker ended/,
    edits: [
      {
        file: 'src/worker/worker.ts',
        find: 'await sleep(1000, undefined, { signal }).catch(() => {});',
        replace: 'throw error;',
      },
    ],
  },
  {
    fault: 'index build terminated',
    fix: 'what a failed build left INVALID is dropped and built again',
    test: 'lifecycle-locks',
    title: 'a cancelled index build leaves an INVALID index, and the next up drops it and builds it again',
    says: /is missing or INVALID/,
    edits: [{ file: 'src/phases/index-build.ts', find: '    await dropInvalidIndexes(database, campaign, notice);\n', replace: '' }],
  },
  {
    fault: 'table locked while DDL waits',
    fix: 'DDL is tried again when it did not get its lock',
    test: 'lifecycle-locks',
    title: 'up tries again while another session holds the table, and goes on when it lets go',
    says: /lock_not_available/,
    edits: [{ file: 'src/database/lock-retries.ts', find: 'retries: ATTEMPTS - 1,', replace: 'retries: 0,' }],
  },
  {
    fault: 'table locked while DDL waits',
    fix: 'DDL waits 0.3 s at most, because everybody waits behind it',
    test: 'lifecycle-locks',
    title: 'searches and writes of others go on while up waits for its lock',
    says: /longest wait \d+ ms/,
    edits: [
      {
        file: 'src/phases/phase.ts',
        find: 'SHORT_LOCK_WAIT = "SET LOCAL lock_timeout = \'300ms\';"',
        replace: 'SHORT_LOCK_WAIT = "SET LOCAL lock_timeout = \'5s\';"',
      },
    ],
  },
  {
    fault: 'old snapshot held',
    fix: 'while no room comes back in the pages, rows are written in plain order',
    test: 'waves',
    title: 'while somebody holds an old snapshot the order is plain, and health says who it is',
    says: /not within 20 s: ten seconds/,
    edits: [{ file: 'sql/target/read.sql', find: 'CASE WHEN {is_plain} THEN 1', replace: 'CASE WHEN false THEN 1' }],
  },
  {
    fault: 'paused for a while',
    fix: 'no job begins while a campaign is paused',
    test: 'worker',
    title: 'a pause stops a running worker after the batches in hand, and its end lets it go on',
    says: /not true|Difference/i,
    edits: [{ file: 'src/worker/batch-job.ts', find: "b.state = 'pending' AND NOT s.paused\n", replace: "b.state = 'pending'\n" }],
  },
  {
    fault: 'ledger row out of date',
    fix: 'once every batch is done the table is searched for rows without a vector',
    test: 'worker-recovery',
    title: 'a ledger and a queue that were put back from a copy are set right',
    says: /batches that were called done and were not/,
    edits: [
      {
        file: 'sql/target/coverage.sql',
        find: 'AND CASE WHEN p_new THEN r.new_vector',
        replace: 'AND false AND CASE WHEN p_new THEN r.new_vector',
      },
    ],
  },
  {
    fault: 'ledger row out of date',
    fix: 'a batch is only of rows that have no vector yet',
    test: 'worker-recovery',
    title: 'a ledger and a queue that were put back from a copy are set right',
    says: /what is done is not paid for again/,
    edits: [{ file: 'sql/target/read.sql', find: 'r.place < p_end AND r.new_vector IS NULL', replace: 'r.place < p_end' }],
  },
  {
    fault: 'queue lost its jobs',
    fix: 'whatever the ledger says is open gets a job, again and again',
    test: 'worker-recovery',
    title: 'a worker that finds its queue emptied fills it again from the ledger',
    says: /not within 30 s: every batch/,
    edits: [
      {
        file: 'src/worker/worker.ts',
        find: "'SELECT target FROM reembed.enqueue_work() AS target'",
        replace: "seenAt === 0 ? 'SELECT target FROM reembed.enqueue_work() AS target' : 'SELECT name AS target FROM reembed.target'",
      },
    ],
  },
  {
    fault: 'provider out of order',
    fix: 'a provider that is away is no fault of the texts: it is waited for, and the rest stays in the ledger',
    test: 'provider-faults',
    title: 'an outage longer than the patience ends the worker, parks no row, and the next start goes on at once',
    says: /provider_unavailable/,
    edits: [
      {
        file: 'src/embedding/provider-error.ts',
        find: '(status !== undefined && status >= 500)',
        replace: '(status !== undefined && status > 503)',
      },
    ],
  },
  {
    fault: 'two runners at once',
    fix: 'the second is refused',
    test: 'two-runners',
    title: 'of two `up` on one server the second is refused and changes nothing',
    says: /runner_busy|Difference/,
    edits: [
      {
        file: 'src/database/runner-session.ts',
        find: '  if (!rows[0]?.locked) throw new RunnerBusy(await holderOf(client, RUNNER_LOCK));\n',
        replace: '',
      },
    ],
  },
];
