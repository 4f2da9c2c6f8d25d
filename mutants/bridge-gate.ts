import type { Mutant } from './mutant.ts';

/** Faults of the bridge's gate, of a model that is gone, and of the order of the backfill. */
export const BRIDGE_GATE: Mutant[] = [
  {
    fault: 'a bridge that nobody measured serves',
    fix: 'the gate asks the evidence',
    test: 'bridge-gate',
    title: 'a bridge serves only after it was compared with the old model',
    says: /Difference/,
    edits: [
      {
        file: 'sql/bridge/bridge_gate.sql',
        find: 'FROM reembed.judge_bridge(p_campaign) AS j;',
        replace: 'FROM reembed.judge_bridge(p_campaign) AS j WHERE false;',
      },
    ],
  },
  {
    fault: 'a bridge passes by the evidence for another map',
    fix: 'only runs of the present map count',
    test: 'bridge-gate',
    title: 'another map is another bridge, and one that is worse than the old model is refused with the figures',
    says: /Difference/,
    edits: [{ file: 'sql/bridge/bridge_queries.sql', find: ' AND v.fitted_at = b.fitted_at', replace: '' }],
  },
  {
    fault: 'an acceptance of one map holds for the next',
    fix: 'an acceptance is bound to the time of the fit',
    test: 'bridge-gate',
    title: 'where the old model is gone, a person accepts the bridge by name, for this map alone',
    says: /Difference/,
    edits: [{ file: 'sql/bridge/bridge_acceptance.sql', find: 'to_char(b.fitted_at AT', replace: "to_char('epoch'::timestamptz AT" }],
  },
  {
    fault: 'the plan of a campaign whose old model is gone says that it was not named',
    fix: 'a model that is gone has a finding of its own',
    test: 'old-model-gone',
    title: 'the plan for a model that is gone says in which order to go',
    says: /not checked/,
    edits: [{ file: 'src/plan/compare-old-model.ts', find: 'if (plan.oldModelGone) return', replace: 'if (plan.isPartitioned) return' }],
  },
  {
    fault: 'popular rows wait for the ledger like all others',
    fix: 'they join the rows that searches wanted',
    test: 'order-popular',
    title: 'with --order popular:COLUMN the rows with the largest values get their vectors before the ledger is worked on',
    says: /Difference/,
    edits: [
      {
        file: 'src/phases/2-backfill.ts',
        find: "popularColumn === null ? '' : `\\nSELECT",
        replace: "popularColumn !== campaign ? '' : `\\nSELECT",
      },
    ],
  },
];
