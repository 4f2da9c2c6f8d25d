import type { Mutant } from './mutant.ts';

/** The spend cap, and a throttle that does not throttle itself. */
export const SPENDING: Mutant[] = [
  {
    fault: 'workers spend more than allowed',
    fix: 'a request is counted against the cap before it is sent',
    test: 'spend-cap',
    title: 'two workers together stay within max_tokens, pause with the figures, and go on when the cap is raised',
    says: /a pause at the cap|tokens sent/,
    edits: [{ file: 'sql/throttle/reserve_spending.sql', find: 'coalesce(p.tokens + p_tokens <= s.max_tokens, true)', replace: 'true' }],
  },
  {
    fault: 'what a request really cost is not known before',
    fix: 'its reservation is replaced by what the provider counted',
    test: 'spend-cap',
    title: 'a request that the provider did not serve does not count',
    says: /Difference/,
    edits: [{ file: 'src/embedding/send-in-turn.ts', find: 'if (!mayBeCharged(error)) await reservation?.correct(0);', replace: '' }],
  },
  {
    fault: 'a cap in dollars without a price',
    fix: 'max_usd is refused',
    test: 'spend-cap',
    title: 'max_usd is refused for a model without a price, by the setting and by create',
    says: /Difference/,
    edits: [{ file: 'sql/switch/check_setting.sql', find: 'AND o.usd_per_million_tokens IS NULL) THEN', replace: 'AND false) THEN' }],
  },
  {
    fault: 'a batch for the batch API costs more than the cap leaves',
    fix: 'its size is limited by what is left',
    test: 'spend-cap',
    title: 'the batch API gets no more than the cap leaves, at its share of the price',
    says: /0|Value is not/,
    edits: [
      { file: 'sql/backfill/claim_provider_batch.sql', find: 'least(v_limit - v_open.tokens, v_left)', replace: 'v_limit - v_open.tokens' },
    ],
  },
  {
    fault: 'the backfill yields to a vacuum that it provoked itself',
    fix: 'only an anti-wraparound vacuum is yielded to',
    test: 'throttle',
    title: 'a VACUUM of the table slows the backfill only where yields_to_vacuum is on',
    says: /Value is not/,
    edits: [
      {
        file: 'sql/throttle/throttle_signals.sql',
        find: 's.yields_to_vacuum OR reembed.prevents_wraparound(t.relation)',
        replace: 'true',
      },
    ],
  },
  {
    fault: 'snapshots that follow one another',
    fix: 'they are waited for ten seconds at most',
    test: 'throttle',
    title: 'snapshots that follow one another are waited for ten seconds, and again once there was none',
    says: /ms|timed out/i,
    edits: [{ file: 'src/throttle/throttle.ts', find: ' && yieldedMs < LONGEST_YIELD_MS', replace: '' }],
  },
  {
    fault: 'searches become slow for another reason than the backfill',
    fix: 'they are compared with those made while workers rest',
    test: 'throttle',
    title: 'searches that are as slow while workers rest have another cause',
    says: /Difference/,
    edits: [{ file: 'sql/throttle/throttle_signals.sql', find: 'greatest(v_resting * s.max_read_slowdown, v_resting + 1)', replace: '2' }],
  },
  {
    fault: 'a worker writes while searches are timed without it',
    fix: 'all workers rest at the same moments',
    test: 'throttle',
    title: 'while workers rest no portion is written, and searches are timed',
    says: /disturbed/,
    edits: [{ file: 'src/throttle/throttle.ts', find: '    return areReadsWatched && rests.left > 0;', replace: '    return false;' }],
  },
];
