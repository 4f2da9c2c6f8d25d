import type { Mutant } from './mutant.ts';

/** Rules of the verdict. Without one of them a worse model passes, or an equal one is refused. */
export const VERDICT: Mutant[] = [
  {
    fault: 'few equal queries',
    fix: 'two more queries keep the interval of equal queries from having length zero',
    test: 'verdict-evidence',
    title: 'a handful of equal queries proves nothing',
    says: /unsure/,
    edits: [
      {
        file: 'sql/validation/cautious_interval.sql',
        find: '(p_lowest - mean) ^ 2 + (p_highest - mean) ^ 2',
        replace: '0',
      },
    ],
  },
  {
    fault: 'tiny runs after a certain fail',
    fix: 'queries of all runs since the backfill add up',
    test: 'verdict-evidence',
    title: 'a few queries after a certain fail do not undo it, be they others or the same again',
    says: /quality_lost/,
    edits: [
      {
        file: 'sql/validation/pooled_queries.sql',
        find: 'v.id = ANY (ARRAY(SELECT reembed.evidence_runs(p_validation)))',
        replace: 'v.id = p_validation',
      },
    ],
  },
  {
    fault: 'looking again until it passes',
    fix: 'after five looks new queries make no run pass',
    test: 'verdict-evidence',
    title: 'five runs may add queries; what later ones add makes no run pass, the same queries again are no new look',
    says: /looks_exhausted/,
    edits: [
      {
        file: 'sql/validation/quality_evidence.sql',
        find: "WHEN m.rank = 4 OR early.outcome <> 'pass' THEN",
        replace: 'WHEN m.rank = 4 THEN',
      },
    ],
  },
  {
    fault: 'looking again until it passes',
    fix: 'bounds are as wide as five looks need',
    test: 'verdict-simulation',
    title: 'over five looks, a loss just beyond the margin passes in at most 5 of 100 cases',
    says: /pass 0\.\d+/,
    edits: [{ file: 'sql/validation/judge_difference.sql', find: ':= 2.413;', replace: ':= 1.645;' }],
  },
  {
    fault: 'a lost language in a good mean',
    fix: 'slices count',
    test: 'verdict-evidence',
    title: 'a slice of at least 20 queries that is lost fails by name, also when a later run does not slice',
    says: /slice_lost/,
    edits: [
      { file: 'sql/validation/judge_validation.sql', find: '  UNION ALL SELECT * FROM reembed.judge_slices(p_validation)\n', replace: '' },
    ],
  },
  {
    fault: 'many slices',
    fix: "Holm's procedure asks more of each slice the more there are",
    test: 'verdict-evidence',
    title: 'of many slices that chance lets fall a little, none fails',
    says: /slice_lost/,
    edits: [
      {
        file: 'sql/validation/judge_slices.sql',
        find: '0.0169 / (count(*) OVER (PARTITION BY s.rank) + 1 - row_number() OVER (PARTITION BY s.rank ORDER BY s.z))',
        replace: '0.0169',
      },
    ],
  },
  {
    fault: 'an accepted doubt, then another',
    fix: 'an acceptance holds for the doubts it was given for',
    test: 'verdict-acceptance',
    title: 'an unsure verdict opens the gate once a person accepts it, until there are other doubts or a fail',
    says: /other doubts than those that were accepted/,
    edits: [
      {
        file: 'sql/switch/switch_gate.sql',
        find: "reembed.is_accepted(p_name, 'unsure', reembed.unsure_evidence(p_name))",
        replace: "reembed.is_accepted(p_name, 'unsure', '{}')",
      },
    ],
  },
];
