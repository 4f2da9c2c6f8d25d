import { plural } from '../wording.ts';
import type { ReportedCampaign } from './data/campaign.ts';
import type { ReportedAudit, ReportedMetric } from './data/figures.ts';
import type { ReportedProgress } from './data/progress.ts';
import type { Evidence, ReportedRun } from './data/validation.ts';
import { count } from './format.ts';
import type { JudgedSearches } from './plain-sentence.ts';

/** What the verdict says nothing about, and how to change that. */
export interface NotChecked {
  code: string;
  /** one sentence for people */
  reason: string;
  /** a command; null when it is too late */
  remedy: string | null;
}

/** Queries below which a slice does not decide. */
const FEWEST_QUERIES = 20;
const MOST_SLICES = 5;

type Slice = Pick<ReportedMetric, 'metric' | 'slice' | 'slice_value' | 'queries' | 'before'>;

/** The parts of a report by which it is decided. */
export interface Checked {
  campaign: Pick<ReportedCampaign, 'phase' | 'rows_planned' | 'rows_done'>;
  progress: Pick<ReportedProgress, 'batches' | 'batches_done'>;
  runs: readonly Pick<ReportedRun, 'index_recall' | 'audit_problem'>[];
  validation: {
    evidence: Pick<Evidence, 'log'>;
    searches: Pick<JudgedSearches, 'grade'> | null;
    figures: {
      audit: readonly Pick<ReportedAudit, 'role'>[];
      filters: readonly unknown[];
      cutoffs: readonly unknown[];
      metrics: readonly Slice[];
    };
  } | null;
}

/** Lists what was not checked, the most important first. */
export function notChecked(report: Checked): NotChecked[] {
  return [...unfinished(report), ...(report.validation ? gaps(report) : notValidated(report))];
}

function unfinished({ campaign, progress }: Checked): NotChecked[] {
  if (progress.batches === 0) return [{ code: 'not_planned', reason: 'No batch has been planned.', remedy: 'npm run migrate up' }];
  const left = campaign.rows_planned - campaign.rows_done;
  if (progress.batches_done === progress.batches || left <= 0) return [];
  return [
    {
      code: 'backfill_unfinished',
      reason: `${count(left)} of ${count(campaign.rows_planned)} rows ${plural(left, 'is', 'are')} still to be embedded.`,
      remedy: 'npm run worker',
    },
  ];
}

function notValidated({ campaign }: Checked): NotChecked[] {
  if (campaign.phase === 'contract') return [{ code: 'not_validated', reason: 'No validation is recorded.', remedy: null }];
  return [{ code: 'not_validated', reason: 'Old and new results have not been compared.', remedy: 'npm run validate' }];
}

function gaps({ campaign, runs, validation }: Checked): NotChecked[] {
  const [run] = runs;
  if (!validation || !run) return [];
  const { evidence, figures, searches } = validation;
  const found: NotChecked[] = [];
  const add = (code: string, reason: string, remedy: string) =>
    found.push({ code, reason, remedy: campaign.phase === 'contract' ? null : remedy });
  if (searches === null || searches.grade === 'rows') {
    const made = searches === null ? '' : ' Queries made of rows favour a model that counts words.';
    add(
      'no_judgements',
      `Nobody has judged whether results are better or worse.${made}`,
      'npm run validate -- --queries FILE --judgements FILE',
    );
  }
  if (figures.audit.length === 0) {
    const why = run.audit_problem ? ` ${run.audit_problem}` : '';
    add('not_audited', `No stored vector was compared with a fresh one.${why}`, 'npm run validate -- --audit 300');
  } else if (!figures.audit.some(({ role }) => role === 'old')) {
    add('old_vectors_not_audited', 'No stored vector of the old model was compared with a fresh one.', 'npm run doctor');
  }
  if (figures.filters.length === 0) {
    add('no_filters', 'Searches with a filter were not compared.', `npm run validate -- --filter "lang = 'de'"`);
  }
  if (evidence.log === null) {
    add(
      'no_query_log',
      'What the application searches for was not compared.',
      'npm run setting -- query_log_percent=10, and later npm run validate -- --queries-from log',
    );
  }
  if (run.index_recall === null) {
    add('no_index', 'The newest run was made without the new index.', 'npm run validate');
  } else if (!figures.metrics.some(({ metric, before }) => metric === 'index_recall' && before !== null)) {
    add('no_old_index', 'The recall of the old index was not measured: no index on the old vectors could be searched.', 'npm run validate');
  }
  const small = smallSlices(figures.metrics);
  if (small.length > 0) {
    const names = small.slice(0, MOST_SLICES).join(', ');
    const more = small.length > MOST_SLICES ? ` and ${count(small.length - MOST_SLICES)} more` : '';
    add(
      'small_slices',
      `Slices with fewer than ${FEWEST_QUERIES} queries do not decide: ${names}${more}.`,
      'npm run validate -- --queries FILE --judgements FILE, with more queries of them',
    );
  }
  if (figures.cutoffs.length === 0) {
    add('no_cutoffs', 'Similarity thresholds of the application were not translated.', 'npm run validate -- --cutoff 0.8');
  }
  return found;
}

/** Slices by length describe the queries; they were not asked for. */
function smallSlices(metrics: readonly Slice[]): string[] {
  return metrics
    .filter((one) => one.metric === 'ndcg' && one.slice !== '' && one.slice !== 'length' && one.queries < FEWEST_QUERIES)
    .map((one) => `${one.slice} ${one.slice_value} (${one.queries})`);
}
