import type { Mutant } from './mutant.ts';

const AUDITS = 'audits add up: a small one never undoes a large one, and a corrected row counts as it is now';

/** What is known about the stored vectors before a campaign and before a switch. */
export const AUDIT: Mutant[] = [
  {
    fault: 'a small audit after one that failed',
    fix: 'audits of all runs since the backfill are pooled',
    test: 'validation-audit',
    title: AUDITS,
    says: /\d+ of \d\d audited/,
    edits: [
      {
        file: 'sql/validation/audit_evidence.sql',
        find: 'FROM reembed.evidence_runs(p_validation) AS e(id)',
        replace: 'FROM (SELECT p_validation) AS e(id)',
      },
    ],
  },
  {
    fault: 'rows that were corrected count as they were',
    fix: 'rows that disagreed are audited again',
    test: 'validation-audit',
    title: AUDITS,
    says: /audit_disagrees/,
    edits: [{ file: 'src/validation/verdict/truth-audit.ts', find: 'if (suspects.length > 0)', replace: 'if (suspects.length > 1e9)' }],
  },
  {
    fault: 'a first disagreement ends the audit undecided',
    fix: 'it draws further rows',
    test: 'validation-audit',
    title: 'disagreements that leave it undecided draw further rows, each row once',
    says: /301|300/,
    edits: [{ file: 'src/validation/verdict/truth-audit.ts', find: 'const MOST_DRAWS = 3;', replace: 'const MOST_DRAWS = 1;' }],
  },
  {
    fault: 'a verdict of pass where nothing was audited',
    fix: 'it is unsure',
    test: 'validation-audit',
    title: 'where nothing was audited the verdict is unsure, with the reason',
    says: /warning/,
    edits: [{ file: 'sql/validation/judge_audit.sql', find: "'unsure', 'not_audited'", replace: "'warning', 'not_audited'" }],
  },
  {
    fault: 'the first term of the binomial distribution underflows',
    fix: 'terms too small to count are left out of the sum',
    test: 'validation-audit',
    title: 'the binomial distribution is that of the tables, also where its first term underflows',
    says: /underflow/,
    edits: [{ file: 'sql/validation/binomial_at_most.sql', find: 'IF v_term > c_least THEN', replace: 'IF v_term IS NOT NULL THEN' }],
  },
  {
    fault: 'a campaign from a model whose vectors are not in the column',
    fix: 'create is refused',
    test: 'old-model',
    title: 'create refuses a disagreement and writes nothing, and goes on when it is accepted with a reason',
    says: /Difference/,
    edits: [{ file: 'src/plan/compare-old-model.ts', find: 'if (!isAccepted) throw refusal;', replace: 'if (!isAccepted) return plan;' }],
  },
  {
    fault: 'every seed draws the same queries of a file',
    fix: 'the seed is part of the order',
    test: 'validation-files',
    title: 'a sample of a query file is drawn by its seed, judged queries first',
    says: /notDeepEqual|same/i,
    edits: [{ file: 'src/validation/queries/query-file.ts', find: 'inSeededOrder(queries, seed);', replace: 'inSeededOrder(queries, 0);' }],
  },
];
