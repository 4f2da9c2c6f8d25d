import type { Mutant } from './mutant.ts';

/** One or more for each row of the table in docs/reliability.md, under what stands there first. */
export const FOUND_BY_STORMS: Mutant[] = [
  {
    fault: 'a worker frozen while it wrote',
    fix: 'a write is one statement, never a transaction across the network',
    test: 'worker-faults',
    title: 'a worker that stands still while it writes holds no row of the application',
    says: /the application waited for its rows/,
    edits: [
      {
        file: 'src/worker/batch-job.ts',
        find: 'storeBatch(pool, pacing, { target, vector }, stored);',
        replace:
          "import('../database/connection.ts').then(({ inTransaction }) => inTransaction(pool, (client) => storeBatch(client, pacing, { target, vector }, stored)));",
      },
    ],
  },
  {
    fault: 'a batch of 500 rows in one transaction',
    fix: 'portions that take a tenth of a second',
    test: 'worker-faults',
    title: 'rows are written in portions, so that the application never waits for a whole batch',
    says: /a write of the application waited \d+ ms/,
    edits: [
      { file: 'src/worker/portion.ts', find: 'let size = FEWEST_ROWS;', replace: 'let size = 100_000;' },
      { file: 'src/worker/portion.ts', find: 'if (rows >= size || fitting < size)', replace: 'if (rows < 0)' },
    ],
  },
  {
    fault: 'writes that never end',
    fix: 'each model has its turn with the changes of one moment',
    test: 'worker-lanes',
    title: 'continuous writes delay the vectors of neither model',
    says: /not within 60 s: both vectors of the row that changed first/,
    edits: [
      {
        file: 'src/worker/catch-up-job.ts',
        find: '.sort((a, b) => Number(b.read) - Number(a.read));',
        replace: '.filter(({ read }) => read);',
      },
    ],
  },
  {
    fault: 'four lanes of catch-up with two places in a worker',
    fix: 'a place for each lane',
    test: 'worker-lanes',
    title: 'each lane of changed rows has a place in a worker, however long the others are at the provider',
    says: /not within 20 s: a request of each lane at the same time/,
    edits: [{ file: 'src/worker/target-queues.ts', find: 'const CATCH_UP_LANES = 4;', replace: 'const CATCH_UP_LANES = 2;' }],
  },
  {
    fault: 'four lanes of catch-up with two places in a worker',
    fix: 'turns of 5 s',
    test: 'worker-lanes',
    title: 'a job of endless changes ends after some seconds and is queued again',
    says: /still at it/,
    edits: [{ file: 'src/worker/catch-up-job.ts', find: 'const TURN_MS = 5000;', replace: 'const TURN_MS = 500_000;' }],
  },
  {
    fault: 'rows held by a long transaction',
    fix: 'catch-up passes over changes of rows that are held',
    test: 'worker-lanes',
    title: 'rows that a long transaction holds do not keep later ones waiting',
    says: /not within 60 s: the later rows/,
    edits: [
      {
        file: 'src/worker/catch-up-job.ts',
        find: "const free = round.filter(({ state }) => state !== 'held');",
        replace: "const free = round.filter(({ state }) => state !== 'held');\n      if (free.length === 0) return;",
      },
    ],
  },
  {
    fault: "one wrong answer of the old model's provider",
    fix: 'only a login, a credit or a model that is gone gives the old model up',
    test: 'provider-recovery',
    title: 'an old model whose answers are wrong for a while is not given up',
    says: /was given up/,
    edits: [
      {
        file: 'src/worker/gone-model.ts',
        find: 'return error instanceof ProviderRefused && GONE.has(error.code);',
        replace: 'return error instanceof ProviderRefused;',
      },
    ],
  },
  {
    fault: "one wrong answer of the old model's provider",
    fix: 'wrong answers are asked for again',
    test: 'provider-recovery',
    title: 'an answer that is wrong once costs no row and stops nobody',
    says: /wrong_dimensions/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: '      if (mayBeOfTexts(error)) {',
        replace: '      if (error instanceof BadAnswer && error.positions.length === 0) throw error;\n      if (mayBeOfTexts(error)) {',
      },
    ],
  },
  {
    fault: 'one short, zero or NaN vector',
    fix: 'three tries before a row is blamed',
    test: 'provider-recovery',
    title: 'an answer that is wrong once costs no row and stops nobody',
    says: /a row was blamed/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: 'error instanceof BadAnswer && tries < TRIES_AFTER_BAD_ANSWER',
        replace: 'error instanceof BadAnswer && tries < 1',
      },
    ],
  },
  {
    fault: '`retry` of rows that are really bad',
    fix: 'rows that failed before do not count',
    test: 'provider-faults',
    title: 'rows handed over again by retry that still fail are not taken for a fault of the provider',
    says: /provider_unusable/,
    edits: [
      { file: 'src/embedding/embed-texts.ts', find: '    if (text.hasFailed) return;\n', replace: '' },
      { file: 'src/embedding/embed-texts.ts', find: '.filter(({ hasFailed }) => !hasFailed).length;', replace: '.length;' },
    ],
  },
  {
    fault: 'an old model back again',
    fix: 'setting keep_old_current has the table searched for rows without a vector',
    test: 'provider-recovery',
    title: 'when an old model that was given up can be called again, the rows written meanwhile get its vectors',
    says: /'\d+ old'/,
    edits: [{ file: 'sql/switch/apply_setting.sql', find: 'SET needs_old_sweep = true', replace: 'SET needs_old_sweep = false' }],
  },
  {
    fault: 'an old model back again',
    fix: 'setting keep_old_current logs the rows that were given up',
    test: 'provider-recovery',
    title: 'when an old model that was given up can be called again, the rows written meanwhile get its vectors',
    says: /'\d+ old'/,
    edits: [{ file: 'sql/switch/resume_old.sql', find: "f.class = 'old_model_unavailable'", replace: "f.class = 'nothing'" }],
  },
  {
    fault: 'SIGTERM while the provider hangs',
    fix: 'requests end after 20 s',
    test: 'worker-faults',
    title: 'SIGTERM ends a worker in bounded time although its provider never answers, and what it held waits in the ledger',
    says: /it took \d+ ms/,
    edits: [{ file: 'src/worker/worker.ts', find: 'const DRAIN_MS = 20_000;', replace: 'const DRAIN_MS = 60_000;' }],
  },
  {
    fault: 'SIGTERM while the provider hangs',
    fix: 'waits end at once',
    test: 'worker-faults',
    title: 'SIGTERM ends a worker that waits for a provider at once, and a second one ends any worker at once',
    says: /it took \d+ ms/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: 'const noFurther = anyOf([options.signal, options.stopping, failed.signal, capped.signal]);',
        replace: 'const noFurther = anyOf([options.signal, failed.signal, capped.signal]);',
      },
    ],
  },
  {
    fault: '`migrate up` again and again',
    fix: 'views are replaced only when something changed',
    test: 'sql-objects',
    title: 'up leaves the objects alone when they are in place, and puts back what was changed by hand',
    says: /Difference/,
    edits: [{ file: 'src/database/sql-objects.ts', find: 'if (!isCurrent) await installObjects(', replace: 'await installObjects(' }],
  },
  {
    fault: 'a changed row left behind by `up --wait`',
    fix: '`--wait` works until nothing waits',
    test: 'provider-limits',
    title: 'up --wait leaves no changed row behind: with no worker running it would close the next gate',
    says: /id: 1/,
    edits: [{ file: 'src/commands/migrate-up.ts', find: 'await workOffLastChanges(database, config);', replace: '' }],
  },
  {
    fault: 'a switch under an open `REPEATABLE READ`',
    fix: 'the guard asks the view',
    test: 'reading',
    title: 'a transaction that began before a switch is refused the vector of the model it began with, though it still sees its setting',
    says: /throwsAsync/,
    edits: [
      {
        file: 'sql/switch/query_vector.sql',
        find: 'IF p_model IS DISTINCT FROM p_served_model THEN',
        replace: 'IF p_model IS DISTINCT FROM reembed.active_model() THEN',
      },
      { file: 'sql/switch/query_vector.sql', find: 'LANGUAGE plpgsql IMMUTABLE', replace: 'LANGUAGE plpgsql STABLE' },
    ],
  },
  {
    fault: 'a sweep over many missing rows',
    fix: 'a sweep locks no row',
    test: 'live-writes-locks',
    title: 'writers that lock their rows in order never deadlock for our sake, whatever the workers do meanwhile',
    says: /40P01/,
    edits: [
      {
        file: 'sql/target/coverage.sql',
        find: 'FROM unnest(p_skip) AS s(key) WHERE s.key = {r_key_json})\n  ), logged AS (',
        replace: 'FROM unnest(p_skip) AS s(key) WHERE s.key = {r_key_json})\n     FOR NO KEY UPDATE OF r\n  ), logged AS (',
      },
    ],
  },
  {
    fault: 'contract while old vectors wait to be renewed',
    fix: 'the archive leaves out what the change log says is out of date',
    test: 'contract',
    title: 'an old vector that still waits to be renewed at contract does not come back with the text it is not of',
    says: /embedding: null/,
    edits: [
      {
        file: 'sql/target/archive_rows.sql',
        find: 'WHERE c.needs_old AND {a_is_c};',
        replace: 'WHERE false AND c.needs_old AND {a_is_c};',
      },
    ],
  },
  {
    fault: "the application's own `lock_timeout`",
    fix: 'the log is only added to, so there is nothing to wait for',
    test: 'live-writes-locks',
    title: 'a write waits for no change in the log, whoever holds it',
    says: /lock timeout/,
    edits: [
      {
        file: 'sql/target/capture.sql',
        find: '  v_text_changed := {text_has_changed};\n',
        replace:
          '  v_text_changed := {text_has_changed};\n  IF EXISTS (SELECT FROM {change} AS c WHERE c.key_1 = reembed.key_1_{suffix}(NEW) FOR UPDATE) THEN RETURN NULL; END IF;\n',
      },
    ],
  },
];
