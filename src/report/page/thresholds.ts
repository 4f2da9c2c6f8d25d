import { html } from 'hono/html';
import { count, interval, percent, score, signed, withInterval } from '../format.ts';
import type { Report, ReportedValidation } from '../read-report.ts';
import { type Mark, markOf } from '../thresholds.ts';
import { type Cell, type Html, table } from './table.ts';

/** A figure beside the threshold that it has to meet. */
interface Checked {
  figure: string;
  /** null: not measured */
  value: string | null;
  queries?: number | null | undefined;
  setting: string;
  /** the limit in words */
  limit: (value: number) => string;
  /** codes of reembed.judge_validation() that speak of it */
  codes: readonly string[];
}

/** Table of every threshold: whether it is met, the measured figure, the limit, and whether somebody loosened it. */
export function thresholdTable(report: Report): Html | null {
  const { validation, campaign } = report;
  if (!validation) return null;
  const { reasons, doubts } = validation.verdict;
  return table({
    caption: 'Figures and current thresholds',
    columns: [
      { name: 'figure', kind: 'wide' },
      { name: 'result', kind: 'tight' },
      { name: 'value', kind: 'wide' },
      { name: 'queries', kind: 'number' },
      { name: 'threshold', kind: 'wide' },
      { name: 'setting', kind: 'tight' },
    ],
    rows: checkedFigures(report, validation).map(({ figure, value, queries, setting, limit, codes }): Cell[] => {
      const { value: set = null, default: standard = null, is_loosened = false } = campaign.thresholds[setting] ?? {};
      const mark = markOf({ codes, measured: value !== null, limit: set, reasons, doubts });
      return [
        figure,
        badge(mark),
        value ?? 'not measured',
        count(queries),
        html`${set === null ? 'none' : limit(set)}${is_loosened ? html` <span class="badge wait">loosened, default ${standard}</span>` : null}`,
        html`<code>${setting}</code>`,
      ];
    }),
  });
}

const SIGNS = { met: '✓', missed: '✗', unsure: '?', 'not checked': '?', off: '–' } as const;
const KINDS = { met: 'pass', missed: 'fail', unsure: 'wait', 'not checked': 'wait', off: '' } as const;

function badge(mark: Mark): Html {
  return html`<span class="badge ${KINDS[mark]}"><span aria-hidden="true">${SIGNS[mark]}</span> ${mark}</span>`;
}

function checkedFigures({ runs }: Report, validation: ReportedValidation): Checked[] {
  const [run] = runs;
  const k = run?.k ?? 10;
  const { metrics, filters, integrity, audit } = validation.figures;
  const of = (name: string) => metrics.find(({ metric, slice }) => metric === name && slice === '');
  const [overlap, recall, time] = ['overlap', 'index_recall', 'search_p50_ms'].map(of);
  const [quality] = validation.quality;
  const stored = integrity.find(({ role }) => role === 'new');
  const old = integrity.find(({ role }) => role === 'old');
  return [
    {
      figure: `nDCG@${k}`,
      value:
        quality === undefined
          ? null
          : `${score(quality.before)} → ${score(quality.after)}, ${signed(quality.after - quality.before)} ${interval(quality, signed)}; a loss of ${score(quality.margin)} is tolerated`,
      queries: quality?.queries,
      setting: 'max_ndcg_loss',
      limit: (value) => `loss of at most ${+(100 * value).toFixed(4)} % or 0.01`,
      codes: [
        'quality_lost',
        'quality_undecided',
        'looks_exhausted',
        'lexical_queries',
        'no_judgements',
        'old_model_gone',
        'few_graded',
        'slice_lost',
      ],
    },
    {
      figure: `overlap@${k}`,
      value: overlap ? withInterval(overlap.value, overlap) : null,
      queries: overlap?.queries,
      setting: 'min_overlap',
      limit: (value) => `at least ${value}`,
      codes: ['overlap_low', 'overlap_undecided'],
    },
    {
      figure: `index recall@${k}`,
      value: recall
        ? `${withInterval(recall.value, recall)}${run?.index_setting == null ? '' : `, ${run.index_setting}`}${recall.before === null ? '' : `; old index ${score(recall.before)}`}`
        : null,
      queries: recall?.queries,
      setting: 'min_index_recall',
      limit: (value) => `at least ${value}`,
      codes: ['index_unused', 'index_recall_low', 'index_recall_undecided', 'filter_recall_low'],
    },
    {
      figure: 'rows found with a filter',
      value: filteredShare(filters),
      queries: filters[0]?.queries,
      setting: 'min_filtered_rows',
      limit: (value) => `share of at least ${value}`,
      codes: ['filter_short', 'filter_undecided'],
    },
    {
      figure: 'rows without a usable new vector',
      value: run ? `${count(run.missing_rows)}, coverage ${percent(run.coverage)}` : null,
      setting: 'max_failed_rows',
      limit: (value) => `at most ${value}`,
      codes: ['vectors_missing', 'vectors_unusable'],
    },
    {
      figure: 'vectors shared by different texts',
      value: stored ? `${count(stored.shared_vector_rows)} of ${count(stored.rows)}` : null,
      setting: 'max_shared_vectors',
      limit: (value) => `share of at most ${value}`,
      codes: ['vectors_shared'],
    },
    {
      figure: 'vectors of outlying length',
      value: stored ? `${count(stored.odd_norm_rows)} of ${count(stored.rows)}` : null,
      setting: 'max_odd_norms',
      limit: (value) => `share of at most ${value}`,
      codes: ['vectors_odd'],
    },
    {
      figure: 'old vectors changed without their text',
      value: old?.changed_rows == null ? null : count(old.changed_rows),
      setting: 'max_changed_old_rows',
      limit: (value) => `at most ${value}`,
      codes: ['old_vectors_changed'],
    },
    {
      figure: 'audited vectors that disagree',
      value: audit.length === 0 ? null : audit.map(auditText).join('; '),
      setting: 'max_audit_share',
      limit: (value) => `share of at most ${value}`,
      codes: AUDIT_CODES,
    },
    {
      figure: 'median search, new to old',
      value: time?.before && time.after !== null ? `${(time.after / time.before).toFixed(2)} times` : null,
      queries: time?.queries,
      setting: 'max_latency_ratio',
      limit: (value) => `at most ${value}`,
      codes: ['search_slow', 'latency_undecided'],
    },
  ];
}

const AUDIT_CODES = ['audit_disagrees', 'audit_undecided', 'not_audited', 'old_vectors_disagree'];

function auditText(one: ReportedValidation['figures']['audit'][number]): string {
  return `${one.role} model ${count(one.rows - one.agreeing_rows)} of ${count(one.rows)}, lowest similarity ${one.lowest_similarity.toFixed(4)}`;
}

/** The lowest share over the filters; of each filter the better iterative scan counts, because the application can choose it. */
function filteredShare(filters: ReportedValidation['figures']['filters']): string | null {
  const best = Map.groupBy(
    filters.filter(({ wanted_rows }) => wanted_rows > 0),
    ({ filter }) => filter,
  );
  const shares = [...best.values()].map((scans) => Math.max(...scans.map((one) => one.returned_rows / one.wanted_rows)));
  return shares.length === 0 ? null : `lowest share ${score(Math.min(...shares))}`;
}
