import type { Mutant } from './mutant.ts';

/** Faults of what a validation measures before the backfill has ended, of groups of rows, of sweeps, and of saved query sets. */
export const SOONER: Mutant[] = [
  {
    fault: 'the old model searches rows that have no new vector yet',
    fix: 'while the backfill runs, rows need vectors of both models',
    test: 'validation-half-filled',
    title: 'while a backfill runs, both models are compared on the rows that have both vectors: column',
    says: /Value is not `true`/,
    edits: [
      {
        file: 'src/validation/search/search-source.ts',
        find: 'isStored: campaign.isPartial ?',
        replace: 'isStored: campaign.isPartial === null ?',
      },
    ],
  },
  {
    fault: 'a judged row without a new vector counts as missed',
    fix: 'judgements on rows that cannot be compared yet are left out',
    test: 'validation-half-filled',
    title: 'while a backfill runs, both models are compared on the rows that have both vectors: column',
    says: /Difference/,
    edits: [
      {
        file: 'src/validation/queries/read-queries.ts',
        find: 'if (!campaign.isPartial) return',
        replace: 'if (campaign) return',
      },
    ],
  },
  {
    fault: 'groups ranked by the number of their rows that were found',
    fix: 'a group takes the place of its nearest row',
    test: 'validation-groups',
    title: 'groups are ranked by their nearest rows, however the rows are grouped and whatever bounds a search has',
    says: /Difference/,
    edits: [{ file: 'src/validation/search/exact-search.ts', find: 'ORDER BY min(place))', replace: 'ORDER BY avg(place))' }],
  },
  {
    fault: 'an index search that stops at the first k rows of one document',
    fix: 'the index is searched deeper until there are enough groups',
    test: 'validation-groups',
    title: 'the index is searched deeper until there are enough groups',
    says: /Difference/,
    edits: [
      {
        file: 'src/validation/search/index-search.ts',
        find: 'if (groups.length >= limit || rows.length < depth) return',
        replace: 'return',
      },
    ],
  },
  {
    fault: 'a randomisation test with one side',
    fix: 'a gain and a loss of the same size are equally extreme',
    test: 'randomisation',
    title: 'the test has two sides: a gain and a loss of the same size have the same p-value',
    says: /Value is not `true`/,
    edits: [
      {
        file: 'src/validation/metrics/randomisation.ts',
        find: 'if (Math.abs(sum) >= observed - TOLERANCE)',
        replace: 'if (sum >= observed - TOLERANCE)',
      },
    ],
  },
  {
    fault: 'a sweep that trusts three queries',
    fix: 'a value reaches the threshold by the lower bound of its interval, which few queries do not raise to 1',
    test: 'validation-sweep',
    title: 'of few queries none reaches the threshold beyond doubt, and without an index there is nothing to sweep',
    says: /Difference/,
    edits: [
      {
        file: 'src/validation/sweep/sweep.ts',
        find: 'Math.min(interval?.low ?? 0, wilsonLow(recall, queries.length * k))',
        replace: 'interval?.low ?? 0',
      },
    ],
  },
  {
    fault: 'a query set that overrides the command line',
    fix: 'an option that was given takes precedence over the set',
    test: 'validation-options',
    title: 'a query set completes the options, and an option that was given takes precedence',
    says: /Difference/,
    edits: [{ file: 'src/commands/validate-options.ts', find: '{ ...saved, ...given }', replace: '{ ...given, ...saved }' }],
  },
];
