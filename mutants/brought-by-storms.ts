import type { Mutant } from './mutant.ts';

const CHECKS = 'src/embedding/check-vectors.ts';
const ERRORS = 'src/embedding/provider-error.ts';
const SHAKY = {
  test: 'provider-faults',
  title: 'server errors, cut connections and answers that are none are asked again and park no row',
  says: /each request that failed was sent once more as it was/,
};
const AT_FAULT = { test: 'check-vectors', title: 'exactly the vectors at fault are named, in either encoding' };

/** One or more for each kind of answer that the provider of a storm spoils. */
export const BAD_ANSWERS: Mutant[] = [
  {
    fault: '429 with Retry-After',
    mend: 'the pause is as long as the provider says',
    test: 'provider-faults',
    title: 'a 429 with Retry-After holds every request until then, and the database says so',
    says: /the next request came after \d+ ms/,
    edits: [{ file: 'src/embedding/embed-texts.ts', find: 'error.retryAfterSeconds ?? backOff', replace: 'backOff' }],
  },
  {
    fault: '429 with Retry-After',
    mend: 'every worker is told, through the database',
    test: 'provider-faults',
    title: 'a 429 with Retry-After holds every request until then, and the database says so',
    says: /not within 60 s: a hold/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: 'await holdProvider(db, model.name, pause, error.message);',
        replace: 'await new Promise((resolve) => setTimeout(resolve, pause * 1000));',
      },
    ],
  },
  {
    fault: '429 without',
    mend: 'a 429 is no fault of the texts: it is waited out',
    test: 'quota',
    title: 'a provider that bears few requests at a time is found out, and costs no row and no batch an attempt',
    says: /Difference|not true/i,
    edits: [
      {
        file: ERRORS,
        find: 'if (status === 429) return',
        replace: 'if (status === 0) return',
      },
    ],
  },
  {
    ...SHAKY,
    fault: '500',
    mend: 'an error of the server is no fault of the texts: it is asked again',
    edits: [{ file: ERRORS, find: '(status !== undefined && status >= 500)', replace: 'status === 503' }],
  },
  {
    ...SHAKY,
    fault: '503',
    mend: 'an error of the server is no fault of the texts: it is asked again',
    edits: [{ file: ERRORS, find: '(status !== undefined && status >= 500)', replace: 'status === 500' }],
  },
  {
    fault: 'time-out',
    mend: 'a request is given up after EMBED_TIMEOUT_SECONDS',
    test: 'provider-faults',
    title: 'a request that is never answered is given up after EMBED_TIMEOUT_SECONDS and sent again',
    says: /timeout exceeded/i,
    edits: [{ file: 'src/embedding/provider.ts', find: '    timeout: options.timeoutSeconds * 1000,\n', replace: '' }],
  },
  {
    ...SHAKY,
    fault: 'cut connection',
    mend: 'a connection that breaks is no fault of the texts: it is asked again',
    edits: [
      {
        file: ERRORS,
        find: '  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return new ProviderUnavailable(model, message);\n',
        replace: '',
      },
    ],
  },
  {
    ...SHAKY,
    fault: 'no JSON',
    mend: 'an answer that is no JSON is asked for again',
    edits: [{ file: ERRORS, find: 'if (!(error instanceof APIError)) {', replace: 'if (false) {' }],
  },
  {
    fault: 'wrong count',
    mend: 'vectors are counted',
    test: 'check-vectors',
    title: 'an answer of another length or with indexes that do not fit says nothing about any text',
    says: /wrong_dimensions/,
    edits: [{ file: CHECKS, find: '|| answers.length !== count) {', replace: ') {' }],
  },
  {
    fault: 'reordered',
    mend: 'vectors go by their index',
    test: 'provider-limits',
    title: 'requests are packed to EMBED_REQUEST_INPUTS, carry the document prefix and the dimensions, and may be answered in any order',
    says: /\d+ new/,
    edits: [{ file: CHECKS, find: 'const position = answer?.index ?? place;', replace: 'const position = place;' }],
  },
  {
    ...AT_FAULT,
    fault: 'short vectors',
    mend: 'components are counted',
    says: /Difference|Function returned/,
    edits: [
      { file: CHECKS, find: '  if (numbers.length !== into.length) return numbers.length;\n', replace: '' },
      { file: CHECKS, find: 'into[i] = typeof number', replace: 'into[i] = i >= numbers.length ? 0 : typeof number' },
      { file: CHECKS, find: '  }\n  return numbers.length;\n', replace: '  }\n  return into.length;\n' },
    ],
  },
  {
    ...AT_FAULT,
    fault: 'NaN',
    mend: 'a vector with NaN or infinity in it is refused',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: 'if (!Number.isFinite(sum))', replace: 'if (false)' }],
  },
  {
    ...AT_FAULT,
    fault: 'NaN',
    mend: 'what is no number does not become a zero',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: "typeof number === 'number' ? number : Number.NaN", replace: 'Number(number)' }],
  },
  {
    ...AT_FAULT,
    fault: 'zero vector',
    mend: 'a vector of zeros is refused',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: 'if (sum === 0)', replace: 'if (false)' }],
  },
  {
    fault: 'the other encoding',
    mend: 'base64 where numbers were asked for is not taken: nothing was proved of it',
    test: 'check-vectors',
    title: 'text where numbers were asked for, text that is not base64 and vectors of another number type are no vectors',
    says: /Function returned/,
    edits: [{ file: CHECKS, find: "encoding === 'base64' && typeof embedding", replace: 'typeof embedding' }],
  },
  {
    fault: 'the other encoding',
    mend: 'numbers where base64 was asked for are taken',
    test: 'check-vectors',
    title:
      'vectors come out as they were sent, in the order of the texts, as numbers and as base64, and numbers where base64 was asked for',
    says: /Property failed/,
    edits: [
      {
        file: CHECKS,
        find: ': copy(Array.isArray(embedding) ? embedding : [], vector);',
        replace: ": copy(encoding === 'float' && Array.isArray(embedding) ? embedding : [], vector);",
      },
    ],
  },
  {
    fault: 'a text the provider refuses',
    mend: 'a refused request is divided until the text at fault is alone',
    test: 'provider-faults',
    title: 'a row the provider refuses ends up alone in failed_row, without its text, and the others go on',
    says: /Difference|provider_unusable/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: '      if (request.length === 1) return await park(request[0] as DistinctText, error);\n',
        replace: '      for (const text of request) await park(text, error);\n      if (request.length > 0) return;\n',
      },
    ],
  },
];

/** One or more for each thing that a storm does to workers, to the queue and the ledger, to the server and to the operator. */
export const HARM: Mutant[] = [
  {
    fault: 'SIGKILL of a worker',
    mend: 'a job whose worker shows no sign of life for 10 s is given to another',
    test: 'worker',
    title: 'what a killed worker held is taken up by the next one',
    says: /timeout exceeded/i,
    edits: [{ file: 'sql/backfill/enqueue.sql', find: 'q.dead_letter, q.heartbeat_seconds\n', replace: 'q.dead_letter, NULL\n' }],
  },
  {
    fault: 'SIGTERM of a worker',
    mend: 'no further request is begun, and what was answered is stored',
    test: 'worker-faults',
    title: 'a batch whose requests are many is stopped between two of them, and what they brought is stored',
    says: /\d+ rows|no text was paid for twice/,
    edits: [
      { file: 'src/worker/worker.ts', find: 'setTimeout(() => cutOff.abort(), DRAIN_MS)', replace: 'setTimeout(() => cutOff.abort(), 0)' },
    ],
  },
  {
    fault: 'worker frozen',
    mend: 'a vector is stored only if the text of its row is still the one that was embedded',
    test: 'live-writes-sessions',
    title: 'a text that changes while it is being embedded never gets the vector of what it was',
    says: /stored for a moment/,
    edits: [
      {
        file: 'sql/backfill/store_vectors.sql',
        find: 'WHERE t.reembed_present_hash IS NOT DISTINCT FROM i.reembed_hash',
        replace: 'WHERE true',
      },
    ],
  },
  {
    fault: 'backend terminated',
    mend: 'an idle connection that is closed ends no process',
    test: 'worker-faults',
    title: 'a worker whose connections are terminated again and again goes on',
    says: /the worker ended/,
    edits: [{ file: 'src/database/connection.ts', find: "  pool.on('error', () => {});\n", replace: '' }],
  },
  {
    fault: 'backend terminated',
    mend: 'trouble of the queue is said, and ends no process',
    test: 'worker-faults',
    title: 'a worker whose connections are terminated again and again goes on',
    says: /the worker ended/,
    edits: [{ file: 'src/worker/worker.ts', find: "  boss.on('error', (error) => {", replace: "  boss.on('no error', (error) => {" }],
  },
  {
    fault: 'server crashed',
    mend: 'a lost connection is waited out',
    test: 'worker-faults',
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
    mend: 'what a failed build left INVALID is dropped and built again',
    test: 'lifecycle-locks',
    title: 'a cancelled index build leaves an INVALID index, and the next up drops it and builds it again',
    says: /INVALID|Difference/,
    edits: [{ file: 'src/phases/index-build.ts', find: '    await dropInvalidIndexes(database, file.campaign, notice);\n', replace: '' }],
  },
  {
    fault: 'table locked while DDL waits',
    mend: 'DDL is tried again when it did not get its lock',
    test: 'lifecycle-locks',
    title: 'up tries again while another session holds the table, and goes on when it lets go',
    says: /not granted in time/,
    edits: [{ file: 'src/database/lock-retries.ts', find: 'retries: ATTEMPTS - 1,', replace: 'retries: 0,' }],
  },
  {
    fault: 'table locked while DDL waits',
    mend: 'DDL waits 0.3 s at most, because everybody waits behind it',
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
    mend: 'while no room comes back in the pages, rows are written in plain order',
    test: 'waves',
    title: 'while somebody holds an old snapshot the order is plain, and health says who it is',
    says: /not within 20 s: ten seconds/,
    edits: [
      { file: 'sql/backfill/read_batch.sql', find: 'v_is_side_table OR reembed.old_snapshot() IS NOT NULL', replace: 'v_is_side_table' },
    ],
  },
  {
    fault: 'paused for a while',
    mend: 'no job begins while a campaign is paused',
    test: 'worker',
    title: 'a pause stops a running worker after the batches in hand, and its end lets it go on',
    says: /not true|Difference/i,
    edits: [{ file: 'src/worker/batch-job.ts', find: "b.state = 'pending' AND NOT s.paused\n", replace: "b.state = 'pending'\n" }],
  },
  {
    fault: 'ledger row gone stale',
    mend: 'once every batch is done the table is searched for rows without a vector',
    test: 'worker-faults',
    title: 'a ledger and a queue that were put back from a copy are set right',
    says: /batches that were called done and were not/,
    edits: [{ file: 'sql/backfill/note_missing.sql', find: 'AND %3$s IS NULL AND', replace: 'AND false AND %3$s IS NULL AND' }],
  },
  {
    fault: 'ledger row gone stale',
    mend: 'a batch is only of rows that have no vector yet',
    test: 'worker-faults',
    title: 'a ledger and a queue that were put back from a copy are set right',
    says: /what is done is not paid for again/,
    edits: [
      { file: 'sql/backfill/read_batch.sql', find: '::tid AND %4$s IS NULL AND NOT', replace: '::tid AND (true OR %4$s IS NULL) AND NOT' },
    ],
  },
  {
    fault: 'queue lost its jobs',
    mend: 'whatever the ledger says is open gets a job, again and again',
    test: 'worker-faults',
    title: 'a worker that finds its queue emptied fills it again from the ledger',
    says: /not within 30 s: every batch/,
    edits: [
      {
        file: 'src/worker/worker.ts',
        find: "      await pool.query('SELECT reembed.enqueue_work()');\n",
        replace: "      if (seenAt === 0) await pool.query('SELECT reembed.enqueue_work()');\n",
      },
    ],
  },
  {
    fault: 'provider out of order',
    mend: 'no job sits out the wait of its last failure when the provider is back',
    test: 'provider-faults',
    title: 'an outage heals by itself: a running worker goes on as soon as the provider is back',
    says: /not within 40 s: every batch/,
    edits: [
      {
        file: 'src/worker/worker.ts',
        find: '        providerWasAway = false;\n        await retryNow(database);\n',
        replace: '        providerWasAway = false;\n',
      },
    ],
  },
  {
    fault: 'two runners at once',
    mend: 'the second is refused',
    test: 'two-runners',
    title: 'of two `up` on one server the second is refused and changes nothing',
    says: /runner_busy|Difference/,
    edits: [
      {
        file: 'src/database/runner-lock.ts',
        find: '    if (!rows[0]?.locked) throw new RunnerBusy(await holderOfLock(client));\n',
        replace: '',
      },
    ],
  },
];
