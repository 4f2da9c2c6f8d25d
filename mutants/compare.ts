import type { Mutant } from './mutant.ts';

/** Comparing candidates before anything is paid, and paying for nothing twice. */
export const COMPARE: Mutant[] = [
  {
    fault: 'a relevant row outside the sample',
    fix: 'rows that are judged relevant are always sampled',
    test: 'compare',
    title: 'candidates are compared on the sampled and the judged rows, and the database is unchanged',
    says: /30/,
    edits: [{ file: 'src/compare/sample.ts', find: ' OR d.is_relevant ORDER', replace: ' ORDER' }],
  },
  {
    fault: 'compared vectors are paid for again by the campaign',
    fix: 'a worker takes cached vectors before it asks the provider',
    test: 'compare',
    title: 'the campaign takes cached vectors from the database, and pays only for the other rows',
    says: /Difference/,
    edits: [{ file: 'src/worker/batch-job.ts', find: 'target.hasCachedVectors\n', replace: 'false\n' }],
  },
  {
    fault: 'a comparison that crashed while it wrote its cache',
    fix: 'a record that is cut off is removed',
    test: 'vector-cache',
    title: 'a record that a crash cut off is removed, so that later ones can be read',
    says: /Difference/,
    edits: [{ file: 'src/embedding/cache/vector-file.ts', find: 'if (rest > 0) truncateSync(path, bytes.length - rest);', replace: '' }],
  },
  {
    fault: 'present vectors of another model than the named one',
    fix: 'a few are compared with what the model gives, before candidates are paid for',
    test: 'compare',
    title: 'compare refuses a present model that the vectors are not of',
    says: /old_model_disagrees|Promise resolved|rejected/,
    edits: [{ file: 'src/compare/present-check.ts', find: 'if (isAccepted) return true;', replace: 'if (Math.random() < 1) return true;' }],
  },
  {
    fault: 'a gain by chance',
    fix: 'a candidate is worth it only if the whole interval is above 0',
    test: 'compare-outcome',
    title: 'a gain that chance may explain is unsure',
    says: /Difference/,
    edits: [{ file: 'src/compare/outcome.ts', find: 'difference.low > 0 && difference.value', replace: 'difference.value' }],
  },
  {
    fault: 'queries made of rows decide for a model that matches words',
    fix: 'they give at most unsure',
    test: 'compare-outcome',
    title: 'a gain that only queries made of rows say is unsure',
    says: /Difference/,
    edits: [
      { file: 'src/compare/outcome.ts', find: "if (evidence === 'rows') {", replace: "if (evidence === 'rows' && Math.random() > 1) {" },
    ],
  },
  {
    fault: 'one of many slices gains by chance',
    fix: "Holm's correction over the slices",
    test: 'compare-outcome',
    title: 'slices that gain by more than chance among all slices make a candidate worth it for them, by name',
    says: /Difference/,
    edits: [{ file: 'src/compare/outcome.ts', find: 'ALPHA / (tested.length - i)', replace: 'ALPHA' }],
  },
];
