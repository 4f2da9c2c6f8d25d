import type { Mutant } from './mutant.ts';

const GAPS = 'what the verdict says nothing about is listed with a code and a command, one line for each gap';

/** One for each rule by which a report is honest. */
export const REPORT: Mutant[] = [
  {
    fault: 'report with queries made of rows',
    fix: 'queries made of rows are no judgement',
    test: 'report-sentences',
    title: GAPS,
    says: /no_judgements/,
    edits: [{ file: 'src/report/not-checked.ts', find: "searches === null || searches.grade === 'rows'", replace: 'searches === null' }],
  },
  {
    fault: 'report with small slices',
    fix: 'slices that are too small to decide are named',
    test: 'report-sentences',
    title: GAPS,
    says: /small_slices/,
    edits: [{ file: 'src/report/not-checked.ts', find: 'const FEWEST_QUERIES = 20;', replace: 'const FEWEST_QUERIES = 19;' }],
  },
  {
    fault: 'report with a threshold that was taken away',
    fix: 'a limit that was taken away is loosened',
    test: 'report-sentences',
    title:
      'a threshold is loosened where more passes than by its default: a maximum that is raised or taken away, a minimum that is lowered',
    says: /Value is not `true`/,
    edits: [
      {
        file: 'src/report/thresholds.ts',
        find: 'if (threshold.value === null) return true;',
        replace: 'if (threshold.value === null) return false;',
      },
    ],
  },
  {
    fault: 'report without a figure',
    fix: 'a threshold without a figure is not met',
    test: 'report-sentences',
    title: 'a threshold is missed or unsure by the codes of the verdict, not checked without a figure, and off without a limit',
    says: /not checked/,
    edits: [{ file: 'src/report/thresholds.ts', find: "return measured ? 'met' : 'not checked';", replace: "return 'met';" }],
  },
  {
    fault: 'report with a pause of the backfill',
    fix: 'the line of the backfill rises only when batches were finished',
    test: 'report-large',
    title: 'a campaign of twenty thousand batches and thousands of events makes a page of less than a megabyte',
    says: /deepEqual/,
    edits: [{ file: 'src/report/data/progress.ts', find: 'SELECT max(finished_at) AS at', replace: 'SELECT min(finished_at) AS at' }],
  },
];
